import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

if (vm.SourceTextModule === undefined) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const rerun = spawnSync(process.execPath, [...flags, ...process.argv.slice(1)], {
    stdio: 'inherit',
  })
  process.exit(rerun.status ?? 1)
}

const root = fileURLToPath(new URL('.', import.meta.url))

function project(displayName, folder, testMatch) {
  return {
    displayName,
    rootDir: `${root}${folder}`,
    testMatch: [`<rootDir>/${testMatch}`],
    testEnvironment: 'node',
    testEnvironmentOptions: { customExportConditions: ['@orch/source', 'node', 'node-addons'] },
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '\\.ts$': `${root}scripts/jest-transform.mjs` },
    modulePathIgnorePatterns: ['<rootDir>/dist/'],
    testPathIgnorePatterns: ['/node_modules/', '<rootDir>/agents/'],
  }
}

const packages = readdirSync(`${root}packages`).sort()
const usual = [
  ...packages.map((name) => project(name, `packages/${name}`, 'test/**/*.test.ts')),
  project('tests', 'tests', '**/*.test.ts'),
]
/** Only `npm run test:agents` has the programs that these need. */
const withRealAgents = [project('agents', 'tests/agents', '**/*.test.ts')]

export default {
  watchman: false,
  // The tests wait for other programs half of the time: two cores take three of them.
  maxWorkers: 3,
  testTimeout: 120_000,
  testSequencer: `${root}scripts/test-sequencer.mjs`,
  projects: process.env.ORCH_TEST_AGENTS === undefined ? usual : withRealAgents,
}
