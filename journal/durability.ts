/** What a journal found of its database's settings when it was opened, for the record and for people. */
export interface Durability {
  readonly database: 'sqlite' | 'postgres';
  /** Settings by name, as the database says them. */
  readonly seen: Readonly<Record<string, string>>;
  /** Sentences about what is weaker than it should be, each with its remedy. */
  readonly warnings: readonly string[];
}
