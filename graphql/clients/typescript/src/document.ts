/** A document that knows what it answers and what it needs. */
export class Document<Result, Variables> {
  /** For the compiler alone; it has no value. */
  declare readonly types?: (variables: Variables) => Result;

  constructor(
    /** The name of its operation. */
    readonly name: string,
    /** What its operation does. */
    readonly kind: "query" | "mutation" | "subscription",
    /** Its text. */
    readonly text: string,
  ) {}
}

/** The variables of a call: left out where the document needs none. */
export type Given<Variables> = Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables];
