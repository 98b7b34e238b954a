// Loaded before orch: kills its process with SIGKILL right after the effect whose number ORCH_TEST_CRASH_AFTER says.
const afterEffect = require('./effects.cjs')

afterEffect(Number(process.env.ORCH_TEST_CRASH_AFTER), () => process.kill(process.pid, 'SIGKILL'))
