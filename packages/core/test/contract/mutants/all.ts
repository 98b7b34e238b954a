import { abortMutants } from './abort.ts'
import { adoptMutants } from './adopt.ts'
import { attachMutants } from './attach.ts'
import { attachmentMutants } from './attachments.ts'
import { beginMutants } from './begin.ts'
import { createMutants } from './create.ts'
import { endMutants } from './end.ts'
import { eventMutants } from './events.ts'
import { finalAnswerMutants } from './final-answer.ts'
import { findMutants } from './find.ts'
import { killedMutants } from './killed.ts'
import type { Mutant } from './mutant.ts'
import { observeMutants } from './observe.ts'
import { readMutants } from './read.ts'
import { resumeMutants } from './resume.ts'
import { sendMutants } from './send.ts'
import { serverMutants } from './server.ts'
import { steerMutants } from './steer.ts'
import { turnMutants } from './turns.ts'

/** Every deliberately broken backend. */
export const MUTANTS: readonly Mutant[] = [
  ...createMutants,
  ...beginMutants,
  ...findMutants,
  ...observeMutants,
  ...turnMutants,
  ...readMutants,
  ...eventMutants,
  ...sendMutants,
  ...attachmentMutants,
  ...finalAnswerMutants,
  ...attachMutants,
  ...steerMutants,
  ...endMutants,
  ...resumeMutants,
  ...adoptMutants,
  ...abortMutants,
  ...serverMutants,
  ...killedMutants,
]
