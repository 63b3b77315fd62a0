import type { NodeBox, NodeSummary } from './stage-protocol';
import type { Player } from './player.svelte';

export interface TreeRow {
  node: NodeSummary;
  depth: number;
  open: boolean;
}

/** Nobody looks through more lines than this; deeper ones can still be opened after others are closed. */
const most_rows = 5_000;

/** The element tree of the rebuilt page: what is open, what is selected. Read again after each seek. */
export class Inspector {
  rows = $state.raw<TreeRow[]>([]);
  selected = $state<number | null>(null);
  box = $state.raw<NodeBox | null>(null);
  /** Clicks on the stage choose an element. */
  picking = $state(false);
  readonly #children = new Map<number | null, NodeSummary[]>();
  readonly #open = new Set<number>();
  #reading = 0;

  constructor(readonly player: Player) {}

  /** Reads everything that is open anew: the page has changed. */
  async refresh(): Promise<void> {
    this.#reading += 1;
    const reading = this.#reading;
    const known = new Map<number | null, NodeSummary[]>();
    const read = async (id: number | null, depth: number): Promise<void> => {
      const nodes = await this.player.link.nodes(id);
      known.set(id, nodes);
      // The first levels are the same on every page; nobody wants to open them by hand.
      if (depth < 2) for (const node of nodes) if (['html', 'body'].includes(node.name)) this.#open.add(node.id);
      await Promise.all(nodes.filter((node) => this.#open.has(node.id)).map((node) => read(node.id, depth + 1)));
    };
    await read(null, 0);
    if (reading !== this.#reading) return;
    this.#children.clear();
    for (const [id, nodes] of known) this.#children.set(id, nodes);
    this.#layOut();
    if (this.selected !== null) await this.select(this.selected);
  }

  async toggle(id: number): Promise<void> {
    if (this.#open.has(id)) this.#open.delete(id);
    else {
      this.#open.add(id);
      this.#children.set(id, await this.player.link.nodes(id));
    }
    this.#layOut();
  }

  async select(id: number | null): Promise<void> {
    this.selected = id;
    this.player.link.post({ kind: 'highlight', node_id: id });
    this.box = id === null ? null : await this.player.link.box(id);
  }

  /** Shows a node for a moment, without choosing it. */
  hint(id: number | null): void {
    this.player.link.post({ kind: 'highlight', node_id: id ?? this.selected });
  }

  async pickAt(x: number, y: number): Promise<void> {
    const path = await this.player.link.pick(x, y);
    const found = path.at(-1);
    if (found === undefined) return;
    for (const id of path.slice(0, -1)) this.#open.add(id);
    this.selected = found;
    await this.refresh();
  }

  leave(): void {
    this.picking = false;
    this.player.link.post({ kind: 'highlight', node_id: null });
  }

  #layOut(): void {
    const rows: TreeRow[] = [];
    const add = (parent: number | null, depth: number): void => {
      for (const node of this.#children.get(parent) ?? []) {
        if (rows.length >= most_rows) return;
        const open = this.#open.has(node.id) && node.child_count > 0;
        rows.push({ node, depth, open });
        if (open) add(node.id, depth + 1);
      }
    };
    add(null, 0);
    this.rows = rows;
  }
}
