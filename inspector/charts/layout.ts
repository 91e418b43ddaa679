import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk.bundled.js';
import Elk from 'elkjs/lib/elk.bundled.js';
import { placed } from './blocks.ts';
import type { Arrow, Beginning, ChartGeometry, Point, StateBox } from './geometry.ts';
import type { ChartGraph } from './graph.ts';
import { DOT_RADIUS, LINE, PADDING } from './measures.ts';
import { planOf, titleOf, type Head, type Lifted, type Plan } from './plan.ts';

/**
 * Lays a chart out with ELK (https://eclipse.dev/elk), layer by layer, each compound state by itself. A transition that
 * crosses borders is drawn between the two states that have a parent in common, and its label names where it really
 * begins and ends. Laid out with all borders open instead, ELK 0.12 loses edges or fails.
 */
const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
} as const;

/** Without these an edge in a nested state lands elsewhere. */
const ROOT_OPTIONS = { 'elk.json.shapeCoords': 'ROOT', 'elk.json.edgeCoords': 'ROOT' } as const;

/** Keeps the order of the chart's text; in some charts ELK cannot, and is asked again without. */
const IN_ORDER = { 'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES' } as const;

/** Which arrows of a cycle go up; no way is best for every chart, so the one with the shortest lines is taken. */
const CYCLES = ['DEPTH_FIRST', 'BFS_NODE_ORDER'] as const;
/** A bend costs the reader as much as so many pixels of line. */
const BEND = 40;

const LABEL_OPTIONS = { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' } as const;

export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

const geometries = new Map<string, Promise<ChartGeometry>>();

/** The chart laid out; once for each hash. @throws LayoutError */
export function layOut(graph: ChartGraph): Promise<ChartGeometry> {
  const known = geometries.get(graph.hash);
  if (known !== undefined) return known;
  const geometry = compute(graph);
  geometries.set(graph.hash, geometry);
  return geometry;
}

async function compute(graph: ChartGraph): Promise<ChartGeometry> {
  const plan = planOf(graph);
  const elk = new Elk.default();
  const tried: ChartGeometry[] = [];
  for (const strategy of CYCLES) {
    const options = { ...OPTIONS, 'elk.layered.cycleBreaking.strategy': strategy };
    const laidOut = await elk
      .layout(toElk(plan, { ...options, ...IN_ORDER }))
      .catch(() => elk.layout(toElk(plan, options)))
      .catch((error: unknown) => {
        throw new LayoutError(`Chart ${graph.id} could not be laid out: ${String(error)}.`);
      });
    tried.push(toGeometry(graph, plan, laidOut));
  }
  return tried.reduce((best, next) => (costOf(next) < costOf(best) ? next : best));
}

/** What following the arrows costs the reader. */
function costOf({ arrows, beginnings }: ChartGeometry): number {
  const lengths = [...arrows, ...beginnings].map(({ points }) =>
    points.slice(1).reduce((sum, { x, y }, index) => {
      const before = points[index] ?? { x, y };
      return sum + Math.abs(x - before.x) + Math.abs(y - before.y) + (index === 0 ? 0 : BEND);
    }, 0),
  );
  return lengths.reduce((sum, length) => sum + length, 0);
}

const DOT = '(initial)';
const dotOf = (state: string): string => `${state}${DOT}`;
/** ELK takes an empty id for none. */
const elkId = (state: string): string => (state === '' ? '(root)' : state);

function toElk(plan: Plan, options: Readonly<Record<string, string>>): ElkNode {
  const node = (head: Head): ElkNode => {
    const { state, width, height } = head;
    const inner = [...plan.heads.values()].filter((each) => each.state.parent === state.id);
    if (inner.length === 0) return { id: elkId(state.id), width, height };
    const dot: ElkNode = {
      id: dotOf(state.id),
      width: 2 * DOT_RADIUS,
      height: 2 * DOT_RADIUS,
      layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
    };
    const hasDot = state.initial !== null && inner.length > 1;
    const side = state.id === '' ? PADDING.frame : PADDING.box + 4;
    return {
      id: elkId(state.id),
      layoutOptions: {
        ...options,
        ...(state.id === '' ? ROOT_OPTIONS : {}),
        'elk.padding': `[top=${height + 4},left=${side},bottom=${side},right=${side}]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${width + 8},${height})`,
      },
      children: [...(hasDot ? [dot] : []), ...inner.map(node)],
      edges: [
        ...(hasDot ? [{ id: `${dotOf(state.id)}>`, sources: [dot.id], targets: [elkId(state.initial ?? '')] }] : []),
        ...plan.arrows.filter(({ parent }) => parent === state.id).map(toEdge),
      ],
    };
  };
  const root = plan.heads.get('');
  if (root === undefined) throw new LayoutError('A chart without a root was to be laid out.');
  return node(root);
}

const arrowId = ({ source, target }: Lifted): string => `${source}>${target}`;

function toEdge(arrow: Lifted): ElkExtendedEdge {
  const { width, height } = arrow.label;
  return {
    id: arrowId(arrow),
    sources: [elkId(arrow.source)],
    targets: [elkId(arrow.target)],
    labels: [
      {
        id: `${arrowId(arrow)} label`,
        text: arrowId(arrow),
        width: width + 2 * PADDING.label,
        height: height + 2 * PADDING.label,
        layoutOptions: LABEL_OPTIONS,
      },
    ],
  };
}

const round = (value: number | undefined): number => Math.round((value ?? 0) * 10) / 10;
const point = ({ x, y }: Point): Point => ({ x: round(x), y: round(y) });

function cornersOf(edge: ElkExtendedEdge): readonly Point[] {
  const [section] = edge.sections ?? [];
  if (section === undefined) throw new LayoutError(`ELK did not route ${edge.id}.`);
  return [section.startPoint, ...(section.bendPoints ?? []), section.endPoint].map(point);
}

function toGeometry(graph: ChartGraph, plan: Plan, root: ElkNode): ChartGeometry {
  const all = (node: ElkNode): readonly ElkNode[] => [node, ...(node.children ?? []).flatMap(all)];
  const nodes = new Map(all(root).map((node) => [node.id, node]));
  const edges = new Map([...nodes.values()].flatMap(({ edges = [] }) => edges.map((edge) => [edge.id, edge])));
  const states = graph.states.map((state): StateBox => {
    const node = nodes.get(elkId(state.id));
    const head = plan.heads.get(state.id);
    if (node === undefined || head === undefined) throw new LayoutError(`ELK did not place ${state.id}.`);
    const [x, y] = [round(node.x), round(node.y)];
    const left = x + PADDING.box;
    return {
      id: state.id,
      kind: state.kind,
      title: titleOf(graph, state),
      description: state.description,
      x,
      y,
      width: round(node.width),
      height: round(node.height),
      titleAt: { x: left, y: y + PADDING.box + LINE.title.base },
      rows: placed(head.rows, { x: left, y: y + PADDING.box + LINE.title.height + PADDING.box }),
    };
  });
  const arrows = plan.arrows.map((arrow): Arrow => {
    const edge = edges.get(arrowId(arrow));
    const [label] = edge?.labels ?? [];
    if (edge === undefined || label === undefined) throw new LayoutError(`ELK lost ${arrowId(arrow)}.`);
    const box = { x: round(label.x), y: round(label.y), width: round(label.width), height: round(label.height) };
    return {
      id: edge.id,
      transitions: arrow.transitions.map(({ id }) => id),
      source: arrow.source,
      target: arrow.target,
      points: cornersOf(edge),
      label: { ...box, rows: placed(arrow.label, { x: box.x + PADDING.label, y: box.y + PADDING.label }) },
    };
  });
  const beginnings = graph.states.flatMap(({ id, initial }): readonly Beginning[] => {
    const node = nodes.get(dotOf(id));
    const edge = edges.get(`${dotOf(id)}>`);
    if (node === undefined || edge === undefined || initial === null) return [];
    const dot = { x: round(node.x) + DOT_RADIUS, y: round(node.y) + DOT_RADIUS, radius: DOT_RADIUS };
    return [{ dot, state: initial, points: cornersOf(edge) }];
  });
  const { id, hash, description } = graph;
  return { id, hash, description, width: round(root.width), height: round(root.height), states, arrows, beginnings };
}
