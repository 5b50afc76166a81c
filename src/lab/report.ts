/** Something worth telling the user about while it happens. */
export interface LabEvent {
  readonly message: string;
  /** The machine it is about; undefined: the whole lab. */
  readonly machine?: string | undefined;
}

export type LabReport = (event: LabEvent) => void;

/** What long lab operations are given. */
export interface LabContext {
  readonly signal?: AbortSignal | undefined;
  readonly report: LabReport;
}
