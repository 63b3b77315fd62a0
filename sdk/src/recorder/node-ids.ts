// Ids of recorded nodes. A node that leaves the page is forgotten; if it comes back it
// is a new node with a new id, so nothing has to be kept for it.

export class NodeIds {
  private ids = new WeakMap<Node, number>();
  /** The newest id handed out. Every id above a remembered value is younger. */
  newest = 0;

  /** 0 for a node that the recording does not know. */
  get(node: Node | null): number {
    return (node && this.ids.get(node)) || 0;
  }

  assign(node: Node): number {
    const id = ++this.newest;
    this.ids.set(node, id);
    return id;
  }

  forget(node: Node): void {
    this.ids.delete(node);
  }

  reset(): void {
    this.ids = new WeakMap();
  }
}
