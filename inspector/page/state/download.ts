export const darkNow = (): boolean => matchMedia('(prefers-color-scheme: dark)').matches;

export function download(name: string, type: string, content: BlobPart): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // After the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Browsers draw no larger picture than this on one side. */
const MAX_SIDE = 8_192;
const SHARPNESS = 2;

/** Draws an SVG at twice its size. */
export async function savePng(
  name: string,
  svg: string,
  size: { readonly width: number; readonly height: number },
): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(SHARPNESS, MAX_SIDE / size.width, MAX_SIDE / size.height);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(size.width * scale);
  canvas.height = Math.round(size.height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob !== null) download(name, 'image/png', blob);
}
