/** One error of an answer. Each code has a page in docs/errors. */
export interface Fault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    /** Names the request in the desk's logs. */
    readonly traceId?: string;
    /** Whether the same may succeed a moment later. */
    readonly retryable?: boolean;
  };
}

/** What one request cost, and what is left for the minute. */
export interface Cost {
  readonly requested: number;
  readonly actual: number;
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAt: string | null;
}

/** One answer of the desk. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly Fault[];
  readonly extensions?: { readonly cost?: Cost };
}

/** The desk answered with errors, or not at all. */
export class DeskError extends Error {
  /** The stable code of the first error. */
  readonly code: string;

  constructor(
    readonly faults: readonly Fault[],
    /** What came beside the errors. */
    readonly data: unknown = null,
  ) {
    super(faults.map(({ message, extensions }) => `${message} (${extensions.code})`).join("; "));
    this.name = "DeskError";
    this.code = faults[0]?.extensions.code ?? "INTERNAL";
  }

  /** Whether the same may succeed a moment later. */
  get retryable(): boolean {
    return this.faults.some(({ extensions }) => extensions.retryable);
  }

  static of(code: string, message: string, retryable = false): DeskError {
    return new DeskError([{ message, extensions: { code, retryable } }]);
  }
}

/** Returns the data of an answer; its errors are thrown. */
export function unwrap<Result>(answer: Answer): Result {
  if (answer.errors?.length) {
    throw new DeskError(answer.errors, answer.data);
  }
  return answer.data as Result;
}
