export { adopt, listAdoptable } from './adoption/adopt.ts'
export type {
  Agent,
  AgentRequest,
  Attachment,
  Capability,
  Choice,
  Delivery,
  Dependency,
  Evidence,
  EvidenceSource,
  Exit,
  FinalAnswer,
  Finding,
  Item,
  Lifecycle,
  Pending,
  Phase,
  QueuedMessage,
  Reason,
  Receipt,
  RequestKind,
  State,
  StopProof,
  ToolCall,
  TurnUsage,
  Usage,
  UsageCounts,
} from './agent.ts'
export { STATES } from './agent.ts'
export { createAgentId, isAgentId } from './agent-id.ts'
export { readAttachment } from './attachments.ts'
export type {
  Adoptable,
  AdoptRequest,
  AgentRef,
  AnswerResult,
  Attempt,
  Backend,
  BackendEvent,
  BackendFactory,
  BackendHost,
  BackendModule,
  Check,
  CreateRequest,
  CreateResult,
  EventsQuery,
  Existence,
  Field,
  Found,
  InterruptResult,
  Message,
  Observation,
  ObserveQuery,
  ObserveResult,
  PermissionMode,
  PermissionRule,
  PlannedAgent,
  ProbeResult,
  ProcessInfo,
  ProgramSpec,
  ReadQuery,
  ReadResult,
  Reply,
  ServerControl,
  ServerInfo,
  ServerReport,
  Turn,
  Viewer,
} from './backend.ts'
export { BACKEND_API_VERSION, NOT_ASKED, NOT_SHOWN, SERVER_ENDED } from './backend.ts'
export { clean } from './clean/clean.ts'
export { setSetting, unsetSetting } from './config/change-setting.ts'
export type { BackendConfig, Config, WorktreeConfig } from './config/config.ts'
export { configDirectory, loadConfig, stateDirectory } from './config/config.ts'
export type { Setting, SettingOrigin, SettingsPlace } from './config/settings.ts'
export { getSetting, listSettings, settingKeys } from './config/settings.ts'
export type {
  AbandonDocument,
  AdoptableEntry,
  AdoptDocument,
  AgentChanges,
  AnswerDocument,
  AskDocument,
  BackendStatus,
  CheckDocument,
  CleanDocument,
  CleanResult,
  CompleteCheck,
  CompleteDocument,
  CompleteResult,
  ConfigDocument,
  DiffDocument,
  Doc,
  DoctorDocument,
  ErrorInfo,
  FileChange,
  GitInfo,
  HistoryDocument,
  HistoryEntry,
  InitDocument,
  InitFile,
  InterruptDocument,
  KeptOutcome,
  LabelDocument,
  Orphan,
  PhaseDocument,
  RecoverDocument,
  RecoverFinding,
  Repair,
  ResumeDocument,
  SendDocument,
  ServerDocument,
  ServerLogLine,
  SkillsDocument,
  SpawnDocument,
  SpawnEachDocument,
  SpawnedTask,
  SpawnPreview,
  SpawnPreviewDocument,
  SpawnPreviewEachDocument,
  StatusDocument,
  TailLine,
  TrailEntry,
  TurnEnd,
  UsageTotal,
  VerifyRun,
  WaitDocument,
  WaitOutcome,
} from './documents.ts'
export { parseAge, parseDuration } from './duration.ts'
export type { ErrorOutcome, OrchErrorCode, OrchErrorInfo } from './errors.ts'
export { ERROR_CODES, fileError, isOrchError, OrchError, withContext } from './errors.ts'
export { elapsedMs } from './history/elapsed.ts'
export { history } from './history/history.ts'
export { trail } from './history/trail.ts'
export { initProject } from './init/init-project.ts'
export type { JsonObject, JsonValue } from './json.ts'
export {
  type Condition,
  changeLabels,
  type LabelChanges,
  type Labels,
  matchesLabels,
  parseLabels,
  parseSelectors,
} from './labels.ts'
export { answer } from './messages/answer.ts'
export { type Asked, ask } from './messages/ask.ts'
export { send } from './messages/send.ts'
export { nearNames } from './near-names.ts'
export { abandon } from './orchestrator/abandon.ts'
export { attach } from './orchestrator/attach.ts'
export { check } from './orchestrator/check.ts'
export { complete } from './orchestrator/complete.ts'
export { doctor } from './orchestrator/doctor.ts'
export { toErrorInfo } from './orchestrator/end-agent.ts'
export { interrupt } from './orchestrator/interrupt.ts'
export { label } from './orchestrator/label.ts'
export { loadModule } from './orchestrator/load-module.ts'
export type {
  AbandonOptions,
  AdoptOptions,
  AfterOption,
  AnswerOptions,
  AskOptions,
  AttachOptions,
  CallOptions,
  CleanOptions,
  CompleteOptions,
  HistoryOptions,
  KnownBackend,
  NotifyOptions,
  OrchOptions,
  PhaseOptions,
  RecoverOptions,
  ResumeOptions,
  SendOptions,
  SpawnEachOptions,
  SpawnOptions,
  SpawnTask,
  StatusOptions,
  TailOptions,
  TurnOptions,
  WaitOptions,
  WatchOptions,
} from './orchestrator/options.ts'
export type { Orch } from './orchestrator/orch.ts'
export { openOrch } from './orchestrator/orch.ts'
export { reportPhase } from './orchestrator/report-phase.ts'
export type { AgentChoice } from './orchestrator/resolve-agent.ts'
export { resolveAgent, resolveAgents, resolveOneAgent } from './orchestrator/resolve-agent.ts'
export { resume } from './orchestrator/resume.ts'
export { server, serverLogs } from './orchestrator/server.ts'
export { skills } from './orchestrator/skills.ts'
export { status } from './orchestrator/status.ts'
export { wait } from './orchestrator/wait.ts'
export { watchStatus } from './orchestrator/watch-status.ts'
export { makePrivateDirectory } from './private-directory.ts'
export type { ProcessOwner } from './process-owner.ts'
export { currentOwner, identifyProcess, ownerLiveness } from './process-owner.ts'
export { findProject, type Place } from './project.ts'
export { readPermission, type WrittenPermission } from './read-permission.ts'
export { recoverAll } from './recovery/recover-all.ts'
export type { Claims } from './registry/claims.ts'
export { createFileClaims, takeOver } from './registry/claims.ts'
export { createJsonlRegistry } from './registry/jsonl-registry.ts'
export type {
  Actor,
  AgentRecord,
  Delivered,
  RecordChange,
  RecordEvent,
  StartPlan,
  StoredRecord,
  WorktreeRecord,
} from './registry/record.ts'
export type { RecordList, RecordUpdate, Registry, UnreadableRecord } from './registry/registry.ts'
export { sanitize, sanitizeExceptColors } from './sanitize.ts'
export { createSharing, type Sharing } from './sharing.ts'
export type { Skill, SkillFolder, SkillOrigin } from './skills/skill.ts'
export { previewEach, previewSpawn } from './spawn/preview-spawn.ts'
export { spawn } from './spawn/spawn.ts'
export { spawnEach } from './spawn/spawn-each.ts'
export { joinWords, splitWords } from './split-words.ts'
export { chainOfEvidence } from './state/chain-of-evidence.ts'
export { deriveState } from './state/derive-state.ts'
export type { DerivedState } from './state/facts.ts'
export { DeadlineError, interval, letStart, monotonicMs, recheck, TIMING, watchdog, withDeadline } from './timing.ts'
export { tail } from './transcript/tail.ts'
export { uniqueId } from './unique.ts'
export { sumUsage } from './usage.ts'
export type { Deliverable } from './workspace/deliverables.ts'
export { readReport } from './workspace/read-report.ts'
export type { Report } from './workspace/report.ts'
export { NO_REPORT, parseReport } from './workspace/report.ts'
export type { DiffOptions } from './worktree/diff.ts'
export { diff } from './worktree/diff.ts'
export type { RemoveWorktreeOptions, WorktreeRemoval } from './worktree/remove-worktree.ts'
export { removeWorktree } from './worktree/remove-worktree.ts'
