import { conversationCases } from './cases/conversation.ts'
import { launchCases } from './cases/launch.ts'
import { requestCases } from './cases/requests.ts'
import { turnCases } from './cases/turns.ts'
import type { ProgramCase } from './program-case.ts'

/** The contract of a program, in the order of its life. */
export const PROGRAM_CASES: readonly ProgramCase[] = [
  ...launchCases,
  ...turnCases,
  ...requestCases,
  ...conversationCases,
]
