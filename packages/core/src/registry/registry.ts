import type { OrchErrorCode } from '../errors.ts'
import type { AgentRecord, RecordChange, RecordEvent, StoredRecord } from './record.ts'

/** A record that is there and cannot be read at all. */
export interface UnreadableRecord {
  readonly id: string
  /** Where it is, for people. */
  readonly place: string
  readonly reason: string
  /** What kind of failure it is: a record may be sound and this user not allowed to read it. @default 'RECORD_CORRUPT' */
  readonly code?: OrchErrorCode
  /** One next action. @default to move it away */
  readonly hint?: string | undefined
}

/** What `list` found. */
export interface RecordList {
  readonly records: readonly StoredRecord[]
  readonly unreadable: readonly UnreadableRecord[]
}

/** A change to a record: `type` names it in the audit trail. */
export interface RecordUpdate {
  readonly type: string
  readonly set: RecordChange
  /** Whether a crash of the machine may take it back: the next look finds it out again. Every process sees it at once. */
  readonly mayBeLost?: boolean
}

/**
 * Where records live. Every method rejects with an `OrchError` when it could not look: an empty list is proof.
 * Closed records (`archive`) are kept apart and are never changed again. An id that `isAgentId` refuses names nothing:
 * `get` returns `null`, and what would write rejects with a `RangeError`.
 */
export interface Registry {
  /**
   * Stores a new record at revision 1, whole or not at all.
   * @throws OrchError `AGENT_EXISTS` when the id is taken, also by a closed record.
   */
  create(record: AgentRecord): Promise<StoredRecord>
  /**
   * @returns `null` when there is no such record.
   * @throws OrchError `RECORD_CORRUPT` when it cannot be read at all.
   */
  get(id: string): Promise<StoredRecord | null>
  /** All open records, or all closed ones. */
  list(which: 'open' | 'closed'): Promise<RecordList>
  /** The ids of all open or all closed records, without reading them. */
  ids(which: 'open' | 'closed'): Promise<readonly string[]>
  /**
   * Changes a record that is still at `revision`.
   * @returns the record as it is now: with this change, and maybe with later ones of others
   * @throws OrchError `CONFLICT` when it is at another one, closed or not there; nothing was changed.
   */
  append(id: string, revision: number, update: RecordUpdate): Promise<StoredRecord>
  /** Makes the last change and closes the record. Errors as `append`. */
  archive(id: string, revision: number, update: RecordUpdate): Promise<StoredRecord>
  /**
   * Every change that counted, oldest first, the record's making among them: its audit trail.
   * @returns `null` when there is no such record.
   * @throws OrchError `RECORD_CORRUPT` when it cannot be read at all.
   */
  events(id: string): Promise<readonly RecordEvent[] | null>
  /**
   * Forgets a closed record for good.
   * @returns `false` when there is none: of several at once only one is told `true`.
   * @throws OrchError `CONFLICT` when it is open, `RECORD_CORRUPT` when it cannot be read at all; nothing was changed.
   */
  remove(id: string): Promise<boolean>
  /** The id of every record that changes from now on; `null` when some may have been missed. Ends at abort. */
  watch(signal: AbortSignal): AsyncIterable<string | null>
}
