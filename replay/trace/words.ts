import { reasonPhrase, RESPONSE_CODE_VALUES } from '../../events/codes.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { isChartId, vocabularyOf } from '../../machines/catalogue.ts';

/** What an event says, with its code, CPNS ID, key id and reason where it has them. Nothing of it is secret. */
export function wordsOf(event: RecordedEvent): string {
  return `${meaningOf(event)}${detailsOf(event)}`;
}

/** In the words of its definition; an event that has none speaks for itself. */
function meaningOf({ type, data, meta }: RecordedEvent): string {
  const vocabulary = isChartId(meta.chart.id) ? vocabularyOf(meta.chart.id) : {};
  const words = Object.hasOwn(vocabulary, type) ? vocabulary[type]?.words : undefined;
  return (typeof words === 'function' ? words(data) : words) ?? type;
}

function detailsOf({ data }: RecordedEvent): string {
  const code = RESPONSE_CODE_VALUES.find((known) => known === data['code']);
  const parts = [
    code === undefined ? null : code === 200 ? '200' : `${code} ${reasonPhrase(code)}`,
    typeof data['cpnsId'] === 'string' && data['handshake'] === undefined ? data['cpnsId'] : null,
    typeof data['keyId'] === 'string' && code === undefined ? `key ${data['keyId']}` : null,
    typeof data['reason'] === 'string' ? data['reason'] : null,
    typeof data['by'] === 'string' ? `by ${data['by']}` : null,
    typeof data['message'] === 'string' && typeof data['from'] === 'string'
      ? `${data['message']} of ${data['from']}`
      : null,
    typeof data['count'] === 'number' && data['count'] > 1 ? `${data['count']} times` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
