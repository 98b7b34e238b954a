import type { ContractCase } from './case.ts'
import { abortCases } from './cases/abort.ts'
import { adoptCases } from './cases/adopt.ts'
import { answerCases } from './cases/answer.ts'
import { attachCases } from './cases/attach.ts'
import { attachmentCases } from './cases/attachments.ts'
import { beginCases } from './cases/begin.ts'
import { closeCases } from './cases/close.ts'
import { createCases } from './cases/create.ts'
import { eventCases } from './cases/events.ts'
import { exitCases } from './cases/exit.ts'
import { finalAnswerCases } from './cases/final-answer.ts'
import { findCases } from './cases/find.ts'
import { interruptCases } from './cases/interrupt.ts'
import { killedCases } from './cases/killed.ts'
import { knownCases } from './cases/known.ts'
import { observeCases } from './cases/observe.ts'
import { readCases } from './cases/read.ts'
import { resumeCases } from './cases/resume.ts'
import { sendCases } from './cases/send.ts'
import { serverCases } from './cases/server.ts'
import { stopCases } from './cases/stop.ts'
import { turnCases } from './cases/turns.ts'

/** Every case of the backend contract, in the order of an agent's life. */
export const BACKEND_CASES: readonly ContractCase[] = [
  ...createCases,
  ...beginCases,
  ...findCases,
  ...observeCases,
  ...knownCases,
  ...turnCases,
  ...readCases,
  ...eventCases,
  ...sendCases,
  ...attachmentCases,
  ...finalAnswerCases,
  ...answerCases,
  ...attachCases,
  ...interruptCases,
  ...exitCases,
  ...resumeCases,
  ...adoptCases,
  ...stopCases,
  ...closeCases,
  ...abortCases,
  ...serverCases,
  ...killedCases,
]
