/** One thing that is proven in the browser. It passes when it does not throw. */
export interface Check {
  readonly name: string;
  run(place: CheckPlace): Promise<void>;
}

export interface CheckPlace {
  /** For screenshots. */
  readonly folder: string;
  /** Notes a screenshot that was made. */
  keep(file: string): void;
}
