import { h, type VNode } from 'preact';
import type { Shape } from '../../picture/shape.ts';

/** A picture as elements of the page. */
export function toElement({ tag, attributes, children }: Shape): VNode {
  return h(tag, attributes, ...children.map((child) => (typeof child === 'string' ? child : toElement(child))));
}
