/**
 * Text between `<!-- generated:name -->` and `<!-- /generated -->` is replaced by that of its name; the rest stays.
 * @throws when the text marks a region of another name, or one that does not end
 */
export function replaceRegions(text: string, regions: { readonly [name: string]: string }): string {
  const replaced = text.replaceAll(
    /(<!-- generated:([a-z-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_, start: string, name: string, end: string) => {
      const region = regions[name];
      if (region === undefined) throw new Error(`Nobody generates the region '${name}'.`);
      return `${start}\n${region}\n${end}`;
    },
  );
  const starts = replaced.match(/<!-- generated:/g)?.length ?? 0;
  const ends = replaced.match(/<!-- \/generated -->/g)?.length ?? 0;
  if (starts !== ends) throw new Error(`There are ${starts} starts and ${ends} ends of generated regions.`);
  return replaced;
}
