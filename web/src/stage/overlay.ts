// The pointer's way as a red line, and rings where it was pressed. Drawn over the page, in its pixels.

const trail_ms = 900;
const ring_ms = 600;
const colour = '217 45 32';

interface Point {
  x: number;
  y: number;
  at_ms: number;
}

export class Overlay {
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d');
  #trail: Point[] = [];
  #rings: (Point & { wall_ms: number; touch: boolean })[] = [];
  #drawn = false;
  trail_shown = true;
  still = false;

  constructor(root: HTMLElement) {
    this.#canvas.className = 'overlay';
    root.append(this.#canvas);
  }

  resize(width: number, height: number): void {
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
  }

  clear(): void {
    this.#trail = [];
    this.#rings = [];
    this.#drawn = true;
    this.draw(0);
  }

  moved(x: number, y: number, at_ms: number): void {
    const last = this.#trail.at(-1);
    if (last && last.x === x && last.y === y) last.at_ms = at_ms;
    else this.#trail.push({ x, y, at_ms });
  }

  pressed(x: number, y: number, at_ms: number, touch: boolean): void {
    this.#rings.push({ x, y, at_ms, touch, wall_ms: performance.now() });
  }

  /** `at_ms` is the play time: the line is as old as the recording, not as the watching. */
  draw(at_ms: number): void {
    const context = this.#context;
    if (!context) return;
    const now_ms = performance.now();
    this.#trail = this.#trail.filter((point) => at_ms - point.at_ms <= trail_ms && point.at_ms <= at_ms);
    this.#rings = this.#rings.filter((ring) => now_ms - ring.wall_ms <= ring_ms);
    const empty = this.#rings.length === 0 && (this.#trail.length < 2 || !this.trail_shown);
    if (empty && !this.#drawn) return;
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#drawn = !empty;
    if (this.trail_shown) this.#drawTrail(context, at_ms);
    for (const ring of this.#rings) {
      const age = (now_ms - ring.wall_ms) / ring_ms;
      const size = ring.touch ? 22 : 14;
      context.beginPath();
      context.arc(ring.x, ring.y, this.still ? size : size * (0.35 + 0.65 * age), 0, 2 * Math.PI);
      context.lineWidth = 3;
      context.strokeStyle = `rgb(${colour} / ${1 - age})`;
      context.stroke();
      if (ring.touch) {
        context.fillStyle = `rgb(${colour} / ${0.25 * (1 - age)})`;
        context.fill();
      }
    }
  }

  #drawTrail(context: CanvasRenderingContext2D, at_ms: number): void {
    context.lineWidth = 2.5;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (let index = 1; index < this.#trail.length; index += 1) {
      const from = this.#trail[index - 1] as Point;
      const to = this.#trail[index] as Point;
      const age = Math.min(1, (at_ms - to.at_ms) / trail_ms);
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.strokeStyle = `rgb(${colour} / ${0.9 * (1 - age) + 0.05})`;
      context.stroke();
    }
  }
}
