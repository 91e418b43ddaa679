import type { Change, Json } from '../../protocol/answers.ts';

const isNest = (value: Json): value is readonly Json[] | { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null;

/** A value that folds, its outer two levels open. */
export function JsonView({ value, depth = 0 }: { readonly value: Json; readonly depth?: number }) {
  if (!isNest(value)) return <Leaf value={value} />;
  const entries: readonly (readonly [string, Json])[] = Array.isArray(value)
    ? value.map((item: Json, index) => [String(index), item] as const)
    : Object.entries(value);
  if (entries.length === 0) return <span class="json-empty">{Array.isArray(value) ? '[ ]' : '{ }'}</span>;
  return (
    <ul class="json">
      {entries.map(([name, inner]) => (
        <li key={name}>
          {isNest(inner) && depth > 0 ? (
            <details open={depth < 2}>
              <summary>
                <span class="json-name">{name}</span> <span class="soft">{Object.keys(inner).length}</span>
              </summary>
              <JsonView value={inner} depth={depth + 1} />
            </details>
          ) : (
            <>
              <span class="json-name">{name}</span> <JsonView value={inner} depth={depth + 1} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Leaf({ value }: { readonly value: null | boolean | number | string }) {
  const kind = value === null ? 'null' : typeof value;
  return <code class={`json-${kind}`}>{typeof value === 'string' ? `"${value}"` : String(value)}</code>;
}

const short = (value: Json): string => JSON.stringify(value);

/** What changed, field by field. */
export function Changes({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return <p class="soft">Nothing changed.</p>;
  return (
    <table class="changes">
      <thead>
        <tr>
          <th scope="col">field</th>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, before, after }) => (
          <tr key={path}>
            <th scope="row">{path}</th>
            <td>{before === undefined ? <span class="soft">absent</span> : <del>{short(before)}</del>}</td>
            <td>{after === undefined ? <span class="soft">absent</span> : <ins>{short(after)}</ins>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
