/** The package has no types of its own. */
declare module 'pgpass' {
  interface Place {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly database?: string | undefined;
    readonly user?: string | undefined;
  }
  /** Looks a password up in the file that PGPASSFILE names, or `~/.pgpass`; a file that is open to others is left aside. */
  export default function pgpass(place: Place, found: (password: string | undefined) => void): void;
}
