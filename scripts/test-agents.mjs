import { AGENTS_FOLDER, installAgentPrograms } from './agent-programs.mjs'

/** `npm run test:agents [-- JEST ARGUMENTS]`: the tests with the real claude and codex, which it installs first. */
installAgentPrograms()
process.env.ORCH_TEST_AGENTS = AGENTS_FOLDER
await import('./run-tests.mjs')
