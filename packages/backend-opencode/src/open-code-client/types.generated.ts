// Generated from the document of OpenCode's own server by "node scripts/generate-opencode-types.mjs".
// OpenCode 1.18.33

export type APIError = {
  readonly name: 'APIError'
  readonly data: {
    readonly message: string
    readonly statusCode?: number
    readonly isRetryable: boolean
    readonly responseHeaders?: { readonly [key: string]: string }
    readonly responseBody?: string
    readonly metadata?: { readonly [key: string]: string }
  }
}

export type Agent = {
  readonly name: string
  readonly description?: string
  readonly mode: 'subagent' | 'primary' | 'all'
  readonly native?: boolean
  readonly hidden?: boolean
  readonly topP?: number
  readonly temperature?: number
  readonly color?: string
  readonly permission: PermissionRuleset
  readonly model?: {
    readonly modelID: string
    readonly providerID: string
  }
  readonly variant?: string
  readonly prompt?: string
  readonly options: { readonly [key: string]: unknown }
  readonly steps?: number
}

export type AgentPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'agent'
  readonly name: string
  readonly source?: {
    readonly value: string
    readonly start: number
    readonly end: number
  }
}

export type AgentPartInput = {
  readonly id?: string
  readonly type: 'agent'
  readonly name: string
  readonly source?: {
    readonly value: string
    readonly start: number
    readonly end: number
  }
}

export type AssistantMessage = {
  readonly id: string
  readonly sessionID: string
  readonly role: 'assistant'
  readonly time: {
    readonly created: number
    readonly completed?: number
  }
  readonly error?: ProviderAuthError | UnknownError | MessageOutputLengthError | MessageAbortedError | StructuredOutputError | ContextOverflowError | ContentFilterError | APIError
  readonly parentID: string
  readonly modelID: string
  readonly providerID: string
  readonly mode: string
  readonly agent: string
  readonly path: {
    readonly cwd: string
    readonly root: string
  }
  readonly summary?: boolean
  readonly cost: number
  readonly tokens: {
    readonly total?: number
    readonly input: number
    readonly output: number
    readonly reasoning: number
    readonly cache: {
      readonly read: number
      readonly write: number
    }
  }
  readonly structured?: unknown
  readonly variant?: string
  readonly finish?: string
}

export type CompactionPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'compaction'
  readonly auto: boolean
  readonly overflow?: boolean
  readonly tail_start_id?: string
}

export type ContentFilterError = {
  readonly name: 'ContentFilterError'
  readonly data: {
    readonly message: string
  }
}

export type ContextOverflowError = {
  readonly name: 'ContextOverflowError'
  readonly data: {
    readonly message: string
    readonly responseBody?: string
  }
}

export type EventMessagePartDelta = {
  readonly id: string
  readonly type: 'message.part.delta'
  readonly properties: {
    readonly sessionID: string
    readonly messageID: string
    readonly partID: string
    readonly field: string
    readonly delta: string
  }
}

export type EventMessagePartRemoved = {
  readonly id: string
  readonly type: 'message.part.removed'
  readonly properties: {
    readonly sessionID: string
    readonly messageID: string
    readonly partID: string
  }
}

export type EventMessagePartUpdated = {
  readonly id: string
  readonly type: 'message.part.updated'
  readonly properties: {
    readonly sessionID: string
    readonly part: Part
    readonly time: number
  }
}

export type EventMessageRemoved = {
  readonly id: string
  readonly type: 'message.removed'
  readonly properties: {
    readonly sessionID: string
    readonly messageID: string
  }
}

export type EventMessageUpdated = {
  readonly id: string
  readonly type: 'message.updated'
  readonly properties: {
    readonly sessionID: string
    readonly info: Message
  }
}

export type EventPermissionAsked = {
  readonly id: string
  readonly type: 'permission.asked'
  readonly properties: {
    readonly id: string
    readonly sessionID: string
    readonly permission: string
    readonly patterns: readonly string[]
    readonly metadata: { readonly [key: string]: unknown }
    readonly always: readonly string[]
    readonly tool?: {
      readonly messageID: string
      readonly callID: string
    }
  }
}

export type EventPermissionReplied = {
  readonly id: string
  readonly type: 'permission.replied'
  readonly properties: {
    readonly sessionID: string
    readonly requestID: string
    readonly reply: 'once' | 'always' | 'reject'
  }
}

export type EventQuestionAsked = {
  readonly id: string
  readonly type: 'question.asked'
  readonly properties: {
    readonly id: string
    readonly sessionID: string
    readonly questions: readonly QuestionInfo[]
    readonly tool?: QuestionTool
  }
}

export type EventQuestionRejected = {
  readonly id: string
  readonly type: 'question.rejected'
  readonly properties: {
    readonly sessionID: string
    readonly requestID: string
  }
}

export type EventQuestionReplied = {
  readonly id: string
  readonly type: 'question.replied'
  readonly properties: {
    readonly sessionID: string
    readonly requestID: string
    readonly answers: readonly QuestionAnswer[]
  }
}

export type EventServerInstanceDisposed = {
  readonly id: string
  readonly type: 'server.instance.disposed'
  readonly properties: {
    readonly directory: string
  }
}

export type EventSessionCompacted = {
  readonly id: string
  readonly type: 'session.compacted'
  readonly properties: {
    readonly sessionID: string
  }
}

export type EventSessionCreated = {
  readonly id: string
  readonly type: 'session.created'
  readonly properties: {
    readonly sessionID: string
    readonly info: Session
  }
}

export type EventSessionDeleted = {
  readonly id: string
  readonly type: 'session.deleted'
  readonly properties: {
    readonly sessionID: string
    readonly info: Session
  }
}

export type EventSessionDiff = {
  readonly id: string
  readonly type: 'session.diff'
  readonly properties: {
    readonly sessionID: string
    readonly diff: readonly SnapshotFileDiff[]
  }
}

export type EventSessionError = {
  readonly id: string
  readonly type: 'session.error'
  readonly properties: {
    readonly sessionID?: string
    readonly error?: ProviderAuthError | UnknownError | MessageOutputLengthError | MessageAbortedError | StructuredOutputError | ContextOverflowError | ContentFilterError | APIError
  }
}

export type EventSessionIdle = {
  readonly id: string
  readonly type: 'session.idle'
  readonly properties: {
    readonly sessionID: string
  }
}

export type EventSessionStatus = {
  readonly id: string
  readonly type: 'session.status'
  readonly properties: {
    readonly sessionID: string
    readonly status: SessionStatus
  }
}

export type EventSessionUpdated = {
  readonly id: string
  readonly type: 'session.updated'
  readonly properties: {
    readonly sessionID: string
    readonly info: Session
  }
}

export type EventTodoUpdated = {
  readonly id: string
  readonly type: 'todo.updated'
  readonly properties: {
    readonly sessionID: string
    readonly todos: readonly Todo[]
  }
}

export type FilePart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'file'
  readonly mime: string
  readonly filename?: string
  readonly url: string
  readonly source?: FilePartSource
}

export type FilePartInput = {
  readonly id?: string
  readonly type: 'file'
  readonly mime: string
  readonly filename?: string
  readonly url: string
  readonly source?: FilePartSource
}

export type FilePartSource = FileSource | SymbolSource | ResourceSource

export type FilePartSourceText = {
  readonly value: string
  readonly start: number
  readonly end: number
}

export type FileSource = {
  readonly text: FilePartSourceText
  readonly type: 'file'
  readonly path: string
}

export type GlobalSession = {
  readonly id: string
  readonly slug: string
  readonly projectID: string
  readonly workspaceID?: string
  readonly directory: string
  readonly path?: string
  readonly parentID?: string
  readonly summary?: {
    readonly additions: number
    readonly deletions: number
    readonly files: number
    readonly diffs?: readonly SnapshotFileDiff[]
  }
  readonly cost?: number
  readonly tokens?: {
    readonly input: number
    readonly output: number
    readonly reasoning: number
    readonly cache: {
      readonly read: number
      readonly write: number
    }
  }
  readonly share?: {
    readonly url: string
  }
  readonly title: string
  readonly agent?: string
  readonly model?: {
    readonly id: string
    readonly providerID: string
    readonly variant?: string
  }
  readonly version: string
  readonly metadata?: { readonly [key: string]: unknown }
  readonly time: {
    readonly created: number
    readonly updated: number
    readonly compacting?: number
    readonly archived?: number
  }
  readonly permission?: PermissionRuleset
  readonly revert?: {
    readonly messageID: string
    readonly partID?: string
    readonly snapshot?: string
    readonly diff?: string
  }
  readonly project: ProjectSummary | null
}

export type JSONSchema = { readonly [key: string]: unknown }

export type Message = UserMessage | AssistantMessage

export type MessageAbortedError = {
  readonly name: 'MessageAbortedError'
  readonly data: {
    readonly message: string
  }
}

export type MessageOutputLengthError = {
  readonly name: 'MessageOutputLengthError'
  readonly data: { readonly [key: string]: unknown }
}

export type Model = {
  readonly id: string
  readonly providerID: string
  readonly api: {
    readonly id: string
    readonly url: string
    readonly npm: string
  }
  readonly name: string
  readonly family?: string
  readonly capabilities: {
    readonly temperature: boolean
    readonly reasoning: boolean
    readonly attachment: boolean
    readonly toolcall: boolean
    readonly input: {
      readonly text: boolean
      readonly audio: boolean
      readonly image: boolean
      readonly video: boolean
      readonly pdf: boolean
    }
    readonly output: {
      readonly text: boolean
      readonly audio: boolean
      readonly image: boolean
      readonly video: boolean
      readonly pdf: boolean
    }
    readonly interleaved: boolean | {
      readonly field: 'reasoning' | 'reasoning_content' | 'reasoning_text' | string
    }
  }
  readonly cost: {
    readonly input: number
    readonly output: number
    readonly cache: {
      readonly read: number
      readonly write: number
    }
    readonly tiers?: readonly {
      readonly input: number
      readonly output: number
      readonly cache: {
        readonly read: number
        readonly write: number
      }
      readonly tier: {
        readonly type: 'context'
        readonly size: number
      }
    }[]
    readonly experimentalOver200K?: {
      readonly input: number
      readonly output: number
      readonly cache: {
        readonly read: number
        readonly write: number
      }
    }
  }
  readonly limit: {
    readonly context: number
    readonly input?: number
    readonly output: number
  }
  readonly status: 'alpha' | 'beta' | 'deprecated' | 'active'
  readonly options: { readonly [key: string]: unknown }
  readonly headers: { readonly [key: string]: string }
  readonly release_date: string
  readonly variants?: { readonly [key: string]: { readonly [key: string]: unknown } }
}

export type OutputFormat = OutputFormatText | OutputFormatJsonSchema

export type OutputFormatJsonSchema = {
  readonly type: 'json_schema'
  readonly schema: JSONSchema
  readonly retryCount?: number
}

export type OutputFormatText = {
  readonly type: 'text'
}

export type Part = TextPart | SubtaskPart | ReasoningPart | FilePart | ToolPart | StepStartPart | StepFinishPart | SnapshotPart | PatchPart | AgentPart | RetryPart | CompactionPart

export type PatchPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'patch'
  readonly hash: string
  readonly files: readonly string[]
}

export type PermissionAction = 'allow' | 'deny' | 'ask'

export type PermissionRequest = {
  readonly id: string
  readonly sessionID: string
  readonly permission: string
  readonly patterns: readonly string[]
  readonly metadata: { readonly [key: string]: unknown }
  readonly always: readonly string[]
  readonly tool?: {
    readonly messageID: string
    readonly callID: string
  }
}

export type PermissionRule = {
  readonly permission: string
  readonly pattern: string
  readonly action: PermissionAction
}

export type PermissionRuleset = readonly PermissionRule[]

export type ProjectSummary = {
  readonly id: string
  readonly name?: string
  readonly worktree: string
}

export type Provider = {
  readonly id: string
  readonly name: string
  readonly source: 'env' | 'config' | 'custom' | 'api'
  readonly env: readonly string[]
  readonly key?: string
  readonly options: { readonly [key: string]: unknown }
  readonly models: { readonly [key: string]: Model }
}

export type ProviderAuthError = {
  readonly name: 'ProviderAuthError'
  readonly data: {
    readonly providerID: string
    readonly message: string
  }
}

export type QuestionAnswer = readonly string[]

export type QuestionInfo = {
  readonly question: string
  readonly header: string
  readonly options: readonly QuestionOption[]
  readonly multiple?: boolean
  readonly custom?: boolean
}

export type QuestionOption = {
  readonly label: string
  readonly description: string
}

export type QuestionRequest = {
  readonly id: string
  readonly sessionID: string
  readonly questions: readonly QuestionInfo[]
  readonly tool?: QuestionTool
}

export type QuestionTool = {
  readonly messageID: string
  readonly callID: string
}

export type Range = {
  readonly start: {
    readonly line: number
    readonly character: number
  }
  readonly end: {
    readonly line: number
    readonly character: number
  }
}

export type ReasoningPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'reasoning'
  readonly text: string
  readonly metadata?: { readonly [key: string]: unknown }
  readonly time: {
    readonly start: number
    readonly end?: number
  }
}

export type ResourceSource = {
  readonly text: FilePartSourceText
  readonly type: 'resource'
  readonly clientName: string
  readonly uri: string
}

export type RetryPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'retry'
  readonly attempt: number
  readonly error: APIError
  readonly time: {
    readonly created: number
  }
}

export type Session = {
  readonly id: string
  readonly slug: string
  readonly projectID: string
  readonly workspaceID?: string
  readonly directory: string
  readonly path?: string
  readonly parentID?: string
  readonly summary?: {
    readonly additions: number
    readonly deletions: number
    readonly files: number
    readonly diffs?: readonly SnapshotFileDiff[]
  }
  readonly cost?: number
  readonly tokens?: {
    readonly input: number
    readonly output: number
    readonly reasoning: number
    readonly cache: {
      readonly read: number
      readonly write: number
    }
  }
  readonly share?: {
    readonly url: string
  }
  readonly title: string
  readonly agent?: string
  readonly model?: {
    readonly id: string
    readonly providerID: string
    readonly variant?: string
  }
  readonly version: string
  readonly metadata?: { readonly [key: string]: unknown }
  readonly time: {
    readonly created: number
    readonly updated: number
    readonly compacting?: number
    readonly archived?: number
  }
  readonly permission?: PermissionRuleset
  readonly revert?: {
    readonly messageID: string
    readonly partID?: string
    readonly snapshot?: string
    readonly diff?: string
  }
}

export type SessionStatus = {
  readonly type: 'idle'
} | {
  readonly type: 'retry'
  readonly attempt: number
  readonly message: string
  readonly action?: {
    readonly reason: string
    readonly provider: string
    readonly title: string
    readonly message: string
    readonly label: string
    readonly link?: string
  }
  readonly next: number
} | {
  readonly type: 'busy'
}

export type SnapshotFileDiff = {
  readonly file?: string
  readonly patch?: string
  readonly additions: number
  readonly deletions: number
  readonly status?: 'added' | 'deleted' | 'modified'
}

export type SnapshotPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'snapshot'
  readonly snapshot: string
}

export type StepFinishPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'step-finish'
  readonly reason: string
  readonly snapshot?: string
  readonly cost: number
  readonly tokens: {
    readonly total?: number
    readonly input: number
    readonly output: number
    readonly reasoning: number
    readonly cache: {
      readonly read: number
      readonly write: number
    }
  }
}

export type StepStartPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'step-start'
  readonly snapshot?: string
}

export type StructuredOutputError = {
  readonly name: 'StructuredOutputError'
  readonly data: {
    readonly message: string
    readonly retries: number
  }
}

export type SubtaskPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'subtask'
  readonly prompt: string
  readonly description: string
  readonly agent: string
  readonly model?: {
    readonly providerID: string
    readonly modelID: string
  }
  readonly command?: string
}

export type SubtaskPartInput = {
  readonly id?: string
  readonly type: 'subtask'
  readonly prompt: string
  readonly description: string
  readonly agent: string
  readonly model?: {
    readonly providerID: string
    readonly modelID: string
  }
  readonly command?: string
}

export type SymbolSource = {
  readonly text: FilePartSourceText
  readonly type: 'symbol'
  readonly path: string
  readonly range: Range
  readonly name: string
  readonly kind: number
}

export type TextPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'text'
  readonly text: string
  readonly synthetic?: boolean
  readonly ignored?: boolean
  readonly time?: {
    readonly start: number
    readonly end?: number
  }
  readonly metadata?: { readonly [key: string]: unknown }
}

export type TextPartInput = {
  readonly id?: string
  readonly type: 'text'
  readonly text: string
  readonly synthetic?: boolean
  readonly ignored?: boolean
  readonly time?: {
    readonly start: number
    readonly end?: number
  }
  readonly metadata?: { readonly [key: string]: unknown }
}

export type Todo = {
  readonly content: string
  readonly status: string
  readonly priority: string
}

export type ToolPart = {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
  readonly type: 'tool'
  readonly callID: string
  readonly tool: string
  readonly state: ToolState
  readonly metadata?: { readonly [key: string]: unknown }
}

export type ToolState = ToolStatePending | ToolStateRunning | ToolStateCompleted | ToolStateError

export type ToolStateCompleted = {
  readonly status: 'completed'
  readonly input: { readonly [key: string]: unknown }
  readonly output: string
  readonly title: string
  readonly metadata: { readonly [key: string]: unknown }
  readonly time: {
    readonly start: number
    readonly end: number
    readonly compacted?: number
  }
  readonly attachments?: readonly FilePart[]
}

export type ToolStateError = {
  readonly status: 'error'
  readonly input: { readonly [key: string]: unknown }
  readonly error: string
  readonly metadata?: { readonly [key: string]: unknown }
  readonly time: {
    readonly start: number
    readonly end: number
  }
}

export type ToolStatePending = {
  readonly status: 'pending'
  readonly input: { readonly [key: string]: unknown }
  readonly raw: string
}

export type ToolStateRunning = {
  readonly status: 'running'
  readonly input: { readonly [key: string]: unknown }
  readonly title?: string
  readonly metadata?: { readonly [key: string]: unknown }
  readonly time: {
    readonly start: number
  }
}

export type UnknownError = {
  readonly name: 'UnknownError'
  readonly data: {
    readonly message: string
    readonly ref?: string
  }
}

export type UserMessage = {
  readonly id: string
  readonly sessionID: string
  readonly role: 'user'
  readonly time: {
    readonly created: number
  }
  readonly format?: OutputFormat
  readonly summary?: {
    readonly title?: string
    readonly body?: string
    readonly diffs: readonly SnapshotFileDiff[]
  }
  readonly agent: string
  readonly model: {
    readonly providerID: string
    readonly modelID: string
    readonly variant?: string
  }
  readonly system?: string
  readonly tools?: { readonly [key: string]: boolean }
}

/** The events of its stream. */
export type ServerEvent =
  | EventMessagePartDelta
  | EventMessagePartRemoved
  | EventMessagePartUpdated
  | EventMessageRemoved
  | EventMessageUpdated
  | EventPermissionAsked
  | EventPermissionReplied
  | EventQuestionAsked
  | EventQuestionRejected
  | EventQuestionReplied
  | EventServerInstanceDisposed
  | EventSessionCompacted
  | EventSessionCreated
  | EventSessionDeleted
  | EventSessionDiff
  | EventSessionError
  | EventSessionIdle
  | EventSessionStatus
  | EventSessionUpdated
  | EventTodoUpdated

/** What each operation takes and answers. */
export interface Operations {
  readonly 'app.agents': {
    readonly answer: readonly Agent[]
  }
  readonly 'config.providers': {
    readonly answer: {
      readonly providers: readonly Provider[]
      readonly default: { readonly [key: string]: string }
    }
  }
  readonly 'experimental.session.list': {
    readonly query?: {
      readonly roots?: boolean | 'true' | 'false'
      readonly start?: number
      readonly cursor?: number
      readonly search?: string
      readonly limit?: number
      readonly archived?: boolean | 'true' | 'false'
    }
    readonly answer: readonly GlobalSession[]
  }
  readonly 'global.health': {
    readonly answer: {
      readonly healthy: true
      readonly version: string
    }
  }
  readonly 'instance.dispose': {
    readonly answer: boolean
  }
  readonly 'permission.list': {
    readonly answer: readonly PermissionRequest[]
  }
  readonly 'permission.reply': {
    readonly path: {
      readonly requestID: string
    }
    readonly body: {
      readonly reply: 'once' | 'always' | 'reject'
      readonly message?: string
    }
    readonly answer: boolean
  }
  readonly 'question.list': {
    readonly answer: readonly QuestionRequest[]
  }
  readonly 'question.reject': {
    readonly path: {
      readonly requestID: string
    }
    readonly answer: boolean
  }
  readonly 'question.reply': {
    readonly path: {
      readonly requestID: string
    }
    readonly body: {
      readonly answers: readonly QuestionAnswer[]
    }
    readonly answer: boolean
  }
  readonly 'session.abort': {
    readonly path: {
      readonly sessionID: string
    }
    readonly answer: boolean
  }
  readonly 'session.children': {
    readonly path: {
      readonly sessionID: string
    }
    readonly answer: readonly Session[]
  }
  readonly 'session.create': {
    readonly body?: {
      readonly parentID?: string
      readonly title?: string
      readonly agent?: string
      readonly model?: {
        readonly id: string
        readonly providerID: string
        readonly variant?: string
      }
      readonly metadata?: { readonly [key: string]: unknown }
      readonly permission?: PermissionRuleset
      readonly workspaceID?: string
    }
    readonly answer: Session
  }
  readonly 'session.delete': {
    readonly path: {
      readonly sessionID: string
    }
    readonly answer: boolean
  }
  readonly 'session.diff': {
    readonly path: {
      readonly sessionID: string
    }
    readonly query?: {
      readonly messageID?: string
    }
    readonly answer: readonly SnapshotFileDiff[]
  }
  readonly 'session.fork': {
    readonly path: {
      readonly sessionID: string
    }
    readonly body?: {
      readonly messageID?: string
    }
    readonly answer: Session
  }
  readonly 'session.get': {
    readonly path: {
      readonly sessionID: string
    }
    readonly answer: Session
  }
  readonly 'session.message': {
    readonly path: {
      readonly sessionID: string
      readonly messageID: string
    }
    readonly answer: {
      readonly info: Message
      readonly parts: readonly Part[]
    }
  }
  readonly 'session.messages': {
    readonly path: {
      readonly sessionID: string
    }
    readonly query?: {
      readonly limit?: number
      readonly before?: string
    }
    readonly answer: readonly {
      readonly info: Message
      readonly parts: readonly Part[]
    }[]
  }
  readonly 'session.prompt': {
    readonly path: {
      readonly sessionID: string
    }
    readonly body: {
      readonly messageID?: string
      readonly model?: {
        readonly providerID: string
        readonly modelID: string
      }
      readonly agent?: string
      readonly noReply?: boolean
      readonly tools?: { readonly [key: string]: boolean }
      readonly format?: OutputFormat
      readonly system?: string
      readonly variant?: string
      readonly parts: readonly (TextPartInput | FilePartInput | AgentPartInput | SubtaskPartInput)[]
    }
    readonly answer: {
      readonly info: AssistantMessage
      readonly parts: readonly Part[]
    }
  }
  readonly 'session.prompt_async': {
    readonly path: {
      readonly sessionID: string
    }
    readonly body: {
      readonly messageID?: string
      readonly model?: {
        readonly providerID: string
        readonly modelID: string
      }
      readonly agent?: string
      readonly noReply?: boolean
      readonly tools?: { readonly [key: string]: boolean }
      readonly format?: OutputFormat
      readonly system?: string
      readonly variant?: string
      readonly parts: readonly (TextPartInput | FilePartInput | AgentPartInput | SubtaskPartInput)[]
    }
    readonly answer: null
  }
  readonly 'session.status': {
    readonly answer: { readonly [key: string]: SessionStatus }
  }
  readonly 'session.todo': {
    readonly path: {
      readonly sessionID: string
    }
    readonly answer: readonly Todo[]
  }
  readonly 'session.update': {
    readonly path: {
      readonly sessionID: string
    }
    readonly body?: {
      readonly title?: string
      readonly metadata?: { readonly [key: string]: unknown }
      readonly permission?: PermissionRuleset
      readonly time?: {
        readonly archived?: number
      }
    }
    readonly answer: Session
  }
}

/** How to ask for each operation, and what kind of value answers it. */
export const ROUTES: {
  readonly [Id in keyof Operations]: {
    readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
    readonly path: string
    readonly answer: 'array' | 'object' | 'boolean' | 'none'
  }
} = {
  'app.agents': { method: 'GET', path: '/agent', answer: 'array' },
  'config.providers': { method: 'GET', path: '/config/providers', answer: 'object' },
  'experimental.session.list': { method: 'GET', path: '/experimental/session', answer: 'array' },
  'global.health': { method: 'GET', path: '/global/health', answer: 'object' },
  'instance.dispose': { method: 'POST', path: '/instance/dispose', answer: 'boolean' },
  'permission.list': { method: 'GET', path: '/permission', answer: 'array' },
  'permission.reply': { method: 'POST', path: '/permission/{requestID}/reply', answer: 'boolean' },
  'question.list': { method: 'GET', path: '/question', answer: 'array' },
  'question.reject': { method: 'POST', path: '/question/{requestID}/reject', answer: 'boolean' },
  'question.reply': { method: 'POST', path: '/question/{requestID}/reply', answer: 'boolean' },
  'session.abort': { method: 'POST', path: '/session/{sessionID}/abort', answer: 'boolean' },
  'session.children': { method: 'GET', path: '/session/{sessionID}/children', answer: 'array' },
  'session.create': { method: 'POST', path: '/session', answer: 'object' },
  'session.delete': { method: 'DELETE', path: '/session/{sessionID}', answer: 'boolean' },
  'session.diff': { method: 'GET', path: '/session/{sessionID}/diff', answer: 'array' },
  'session.fork': { method: 'POST', path: '/session/{sessionID}/fork', answer: 'object' },
  'session.get': { method: 'GET', path: '/session/{sessionID}', answer: 'object' },
  'session.message': { method: 'GET', path: '/session/{sessionID}/message/{messageID}', answer: 'object' },
  'session.messages': { method: 'GET', path: '/session/{sessionID}/message', answer: 'array' },
  'session.prompt': { method: 'POST', path: '/session/{sessionID}/message', answer: 'object' },
  'session.prompt_async': { method: 'POST', path: '/session/{sessionID}/prompt_async', answer: 'none' },
  'session.status': { method: 'GET', path: '/session/status', answer: 'object' },
  'session.todo': { method: 'GET', path: '/session/{sessionID}/todo', answer: 'array' },
  'session.update': { method: 'PATCH', path: '/session/{sessionID}', answer: 'object' },
}
