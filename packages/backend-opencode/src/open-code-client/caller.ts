import type { CallOptions } from './call-options.ts'
import type { Operations } from './types.generated.ts'

/** The id of an operation in the server's own document. */
export type OperationId = keyof Operations

/** What an operation takes: `path`, `query` and `body`, as far as it has them. */
export type InputOf<Id extends OperationId> = Omit<Operations[Id], 'answer'>

/** A list that may go on. */
export interface Page<T> {
  readonly value: T
  /** Gives the next page; `null` when this is the last. */
  readonly next: string | null
}

/** Asks one server for any of the operations. Every method rejects as {@link OpenCodeClient} says. */
export interface Caller {
  /** The answer; `null`: the server does not know what the path names. */
  find<Id extends OperationId>(
    id: Id,
    input: InputOf<Id>,
    options: CallOptions | undefined,
  ): Promise<Operations[Id]['answer'] | null>
  /** The answer of an operation that names nothing that could be unknown. */
  ask<Id extends OperationId>(
    id: Id,
    input: InputOf<Id>,
    options: CallOptions | undefined,
  ): Promise<Operations[Id]['answer']>
  /** Like `find`, with the cursor of the answer. */
  page<Id extends OperationId>(
    id: Id,
    input: InputOf<Id>,
    options: CallOptions | undefined,
  ): Promise<Page<Operations[Id]['answer']> | null>
  /** Whether a request was accepted; `false`: the server does not know what it is about. */
  did<Id extends OperationId>(id: Id, input: InputOf<Id>, options: CallOptions | undefined): Promise<boolean>
}
