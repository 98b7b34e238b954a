import { type CallOptions, checkId } from './call-options.ts'
import type { Caller } from './caller.ts'
import type { Operations, PermissionRequest, QuestionRequest } from './types.generated.ts'

/** An answer to a permission; with `reject`, a message tells the agent what to do instead and its turn goes on. */
export interface PermissionReply extends Readonly<Operations['permission.reply']['body']> {
  readonly requestId: string
}

/** The permissions that agents wait for. All methods are about one directory, that of `options` or of the client. */
export interface Permissions {
  /** The open ones. One whose session is not in `status()` was left behind by an aborted turn. */
  list(options?: CallOptions): Promise<readonly PermissionRequest[]>
  /** `always` holds for all sessions until the server restarts. @returns `false`: it is not open in this directory. */
  reply(reply: PermissionReply, options?: CallOptions): Promise<boolean>
}

/** The questions that agents wait on. All methods are about one directory, that of `options` or of the client. */
export interface Questions {
  /** The open ones. */
  list(options?: CallOptions): Promise<readonly QuestionRequest[]>
  /**
   * @param reply for each question its chosen labels, or any texts.
   * @returns `false`: it is not open in this directory.
   */
  reply(
    reply: { readonly requestId: string; readonly answers: readonly (readonly string[])[] },
    options?: CallOptions,
  ): Promise<boolean>
  /** Ends the turn that asks. @returns `false`: it is not open in this directory. */
  reject(requestId: string, options?: CallOptions): Promise<boolean>
}

/** The permissions in the server behind a caller. */
export function createPermissions(caller: Caller): Permissions {
  return {
    list: (options) => caller.ask('permission.list', {}, options),
    reply: async ({ requestId, ...body }, options) =>
      caller.did('permission.reply', { path: { requestID: checkId('permission', requestId) }, body }, options),
  }
}

/** The questions in the server behind a caller. */
export function createQuestions(caller: Caller): Questions {
  const pathOf = (requestId: string): { requestID: string } => ({ requestID: checkId('question', requestId) })
  return {
    list: (options) => caller.ask('question.list', {}, options),
    reply: async ({ requestId, answers }, options) =>
      caller.did('question.reply', { path: pathOf(requestId), body: { answers } }, options),
    reject: async (requestId, options) => caller.did('question.reject', { path: pathOf(requestId) }, options),
  }
}
