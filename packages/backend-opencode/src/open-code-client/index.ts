export type { CallOptions } from './call-options.ts'
export type { MessagePage, MessageQuery, Messages, MessageWithParts } from './messages.ts'
export type { OpenCodeClient, OpenCodeClientOptions } from './open-code-client.ts'
export { createOpenCodeClient } from './open-code-client.ts'
export type { PermissionReply, Permissions, Questions } from './open-requests.ts'
export type { NewSession, SessionFilter, Sessions } from './sessions.ts'
export type { StreamItem, StreamQuery } from './stream-item.ts'
export type { PromptAnswer, PromptInput, PromptPart, Turns } from './turns.ts'
export type {
  Agent,
  AssistantMessage,
  GlobalSession,
  Message,
  Model,
  Operations,
  Part,
  PermissionRequest,
  PermissionRule,
  Provider,
  QuestionRequest,
  ServerEvent,
  Session,
  SessionStatus,
  SnapshotFileDiff,
  Todo,
  ToolPart,
  UserMessage,
} from './types.generated.ts'
