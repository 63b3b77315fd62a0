// Which sessions are recorded, by conditions on address, events and user properties.
// The rules are one feature flag in the form that Amplitude's SDKs read: segments, each
// with conditions (the outer list is OR, the inner one AND) and perhaps a share of
// sessions. The first segment that holds and lets the session in decides.

export interface Condition {
  selector: string[];
  op: string;
  values: string[];
}

interface Bucket {
  selector: string[];
  salt: string;
  allocations: { range: [number, number]; distributions: { variant: string; range: [number, number] }[] }[];
}

export interface TargetingFlag {
  segments?: { conditions?: Condition[][]; bucket?: Bucket; variant?: string }[];
}

/** What happened; only what is given is new. */
export interface TargetingNews {
  url?: string;
  event?: { event_type: string; event_properties?: Record<string, unknown> };
  user?: Record<string, unknown>;
}

const MOST_EVENT_TYPES = 500;
const ON = 'on';

export class Targeting {
  private readonly context: {
    session_id: string;
    event: TargetingNews['event'] | null;
    event_types: string[];
    user: Record<string, unknown>;
    page: { url: string };
  };

  constructor(
    private readonly flag: TargetingFlag,
    ids: { session: string; device: string },
  ) {
    this.context = {
      session_id: ids.session,
      event: null,
      event_types: [],
      user: { device_id: ids.device, user_properties: {} },
      page: { url: '' },
    };
  }

  /** Whether the session is to be recorded, now that this is known. */
  take({ url, event, user }: TargetingNews): boolean {
    const { context } = this;
    if (url !== undefined) context.page.url = url;
    if (user) {
      Object.assign(context.user, user);
      Object.assign(context.user.user_properties as object, user);
    }
    context.event = event ?? null;
    const types = context.event_types;
    if (event && types.length < MOST_EVENT_TYPES && !types.includes(event.event_type)) types.push(event.event_type);
    return this.variant() === ON;
  }

  private variant(): string | undefined {
    for (const { conditions, bucket, variant } of this.flag.segments ?? []) {
      const holds = !conditions?.length || conditions.some((all) => all.every((one) => this.holds(one)));
      const chosen = holds ? (bucket ? (this.ofBucket(bucket) ?? variant) : variant) : undefined;
      if (chosen) return chosen;
    }
    return undefined;
  }

  private read(selector: string[]): unknown {
    let value: any = { context: this.context };
    for (const name of selector) value = value?.[name];
    return value;
  }

  private ofBucket({ selector, salt, allocations }: Bucket): string | undefined {
    const hash = murmur3(`${salt}/${String(this.read(selector) ?? '')}`);
    const share = hash % 100;
    const place = Math.floor(hash / 100);
    const isIn = ([from, to]: [number, number], at: number) => at >= from && at < to;
    for (const { range, distributions } of allocations) {
      if (isIn(range, share)) return distributions.find((part) => isIn(part.range, place))?.variant;
    }
    return undefined;
  }

  private holds({ selector, op, values }: Condition): boolean {
    const value = this.read(selector);
    if (op.startsWith('set ')) return holdsForSet(value, op, values);
    const isAbsent = value === undefined || value === null || value === '';
    // "(none)" stands for a value that is not there.
    const texts = isAbsent ? ['(none)'] : [value].flat().map(asText);
    const negated = NEGATIONS[op];
    const any = (test: (text: string) => boolean) => texts.some(test);
    const plain = (name: string): boolean => {
      switch (name) {
        case 'is':
          return any((text) => values.some((wanted) => isSame(text, wanted)));
        case 'contains':
          return any((text) => values.some((wanted) => text.toLowerCase().includes(wanted.toLowerCase())));
        case 'regex match':
          return any((text) => values.some((wanted) => matches(text, wanted)));
        default:
          return !isAbsent && any((text) => values.some((wanted) => compares(text, name, wanted)));
      }
    };
    return negated ? !plain(negated) : plain(op);
  }
}

const NEGATIONS: Record<string, string> = {
  'is not': 'is',
  'does not contain': 'contains',
  'regex does not match': 'regex match',
};

const asText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const isSame = (text: string, wanted: string): boolean =>
  text === wanted || (/^(true|false)$/i.test(wanted) && text.toLowerCase() === wanted.toLowerCase());

function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}

function compares(text: string, op: string, wanted: string): boolean {
  const isVersion = op.startsWith('version ');
  const order = isVersion ? compareVersions(text, wanted) : compare(text, wanted);
  switch (isVersion ? op.slice(8) : op) {
    case 'less':
      return order < 0;
    case 'less or equal':
      return order <= 0;
    case 'greater':
      return order > 0;
    case 'greater or equal':
      return order >= 0;
    default:
      return false;
  }
}

function compare(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference)) return difference;
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = compare(left[at] ?? '0', right[at] ?? '0');
    if (order) return order;
  }
  return 0;
}

function holdsForSet(value: unknown, op: string, wanted: string[]): boolean {
  const own = (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map(asText);
  const isIn = (one: string) => own.some((text) => isSame(text, one));
  switch (op) {
    case 'set is':
      return own.length === wanted.length && wanted.every(isIn);
    case 'set is not':
      return !(own.length === wanted.length && wanted.every(isIn));
    case 'set contains':
      return wanted.every(isIn);
    case 'set does not contain':
      return !wanted.every(isIn);
    case 'set contains any':
      return wanted.some(isIn);
    case 'set does not contain any':
      return !wanted.some(isIn);
    default:
      return false;
  }
}

/** MurmurHash3, 32 bits, seed 0, of the text's UTF-8 bytes. */
export function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
  const mix = (block: number) => Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
  let hash = 0;
  let at = 0;
  const view = new DataView(bytes.buffer);
  for (; at + 4 <= bytes.length; at += 4) {
    hash = (Math.imul(rotate(hash ^ mix(view.getUint32(at, true)), 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let tail = bytes.length - 1; tail >= at; tail--) rest = (rest << 8) | bytes[tail]!;
  if (bytes.length > at) hash ^= mix(rest);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
