import { EVENT_ATTRIBUTES, OBJECT_ATTRIBUTES, OBJECT_TYPES, type OcelEvent, type OcelLog } from './ocel.ts';

/** OCEL 2.0 in JSON (https://www.ocel-standard.org/specification/formats/json/), a part at a time: events come first. */
export const OCEL_JSON_BEGIN = '{"events":[\n';

/** @param index of the event in the file, from 0 */
export function ocelJsonEvent(event: OcelEvent, index: number): string {
  return `${index === 0 ? '' : ',\n'}${JSON.stringify(event)}`;
}

/** What follows the last event. */
export function* ocelJsonEnd(log: OcelLog): Iterable<string> {
  yield '\n],"objects":[\n';
  let index = 0;
  for (const object of log.objects()) yield `${index++ === 0 ? '' : ',\n'}${JSON.stringify(object)}`;
  const eventTypes = log.eventTypes.map((name) => ({ name, attributes: EVENT_ATTRIBUTES }));
  const objectTypes = OBJECT_TYPES.map((name) => ({ name, attributes: OBJECT_ATTRIBUTES[name] }));
  yield `\n],"eventTypes":${JSON.stringify(eventTypes)},"objectTypes":${JSON.stringify(objectTypes)}}\n`;
}
