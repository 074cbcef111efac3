/**
 * Cuts React code that is still being written back to the part that can be shown, and closes it. See
 * `heal.js`.
 */

export interface HealerOptions {
  /** The name of the component to show; without it, the default export or else the last component. */
  root?: string | null;
}

/** The healed code of the text so far. The same object is returned again while it does not change. */
export interface Healed {
  /** Code that compiles as TSX: the text up to `shown`, and the ends of all that is open there. */
  readonly code: string;
  /** How many UTF-16 code units of the text are in `code`. */
  readonly shown: number;
  /** Whether the text holds only complete statements, so that nothing was cut but space and comments. */
  readonly complete: boolean;
  /**
   * The component to render, or null while there is none: until the root's own return has an element, or its
   * statement is complete. "default" for a default export without a name.
   */
  readonly name: string | null;
}

/** A top-level statement of the healed code, in UTF-16 code units of it. */
export interface Statement {
  readonly start: number;
  readonly end: number;
  /** Whether its text is final. Only the last statement can be incomplete. */
  readonly complete: boolean;
}

/**
 * Heals one text that arrives in pieces. The result does not depend on where the text is cut. No input
 * throws.
 */
export class Healer {
  constructor(options?: HealerOptions);

  /** Add the next piece of the text. */
  feed(text: string): this;

  /** Tell that the text is complete: a last statement without a semicolon is then complete too. */
  end(): this;

  /** Return the healed code of the text so far. */
  heal(): Healed;

  /** Return the top-level statements of the healed code, in order. */
  statements(): Statement[];
}
