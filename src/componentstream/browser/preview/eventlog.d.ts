import type { Event, Snapshot } from "../componentstream.js";

/** Keeps the events of one generation, joined per block. */
export class EventLog {
  /** Whether events wait to be taken. */
  readonly waits: boolean;
  /** Whether it has not seen any block yet. */
  readonly isEmpty: boolean;
  add(event: Event): void;
  /** Return the events added since the last call. */
  take(): Event[];
  /** Return everything, in as few events as possible: a group for each block, and one for the stops. */
  groups(): Event[][];
  has(index: number): boolean;
  /** Return the name of a component, null for text and for an unknown block. */
  nameOf(index: number): string | null;
  /** Return the indexes of all components. */
  components(): number[];
}

/** Return the events that lead from one snapshot to the next, or null if they belong to two generations. */
export function changes(
  before: Pick<Snapshot, "status" | "blocks">,
  after: Pick<Snapshot, "status" | "blocks">,
): Event[] | null;
