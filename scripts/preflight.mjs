import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const OLDEST_TMUX = [3, 3]

const INSTALL_COMMANDS = [
  ['apt-get', 'apt-get update && apt-get install -y tmux git'],
  ['dnf', 'dnf install -y tmux git'],
  ['pacman', 'pacman -S --noconfirm tmux git'],
  ['apk', 'apk add tmux git'],
  ['zypper', 'zypper install -y tmux git'],
  ['brew', 'brew install tmux git'],
]

function output(program, args) {
  const run = spawnSync(program, args, { encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim() : undefined
}

function tmuxProblem() {
  const version = output('tmux', ['-V'])
  if (version === undefined) return 'tmux is missing'
  const [major, minor] = (version.match(/(\d+)\.(\d+)/) ?? []).slice(1).map(Number)
  if (major === undefined) return undefined
  const recent = major > OLDEST_TMUX[0] || (major === OLDEST_TMUX[0] && minor >= OLDEST_TMUX[1])
  return recent ? undefined : `"${version}" is older than tmux ${OLDEST_TMUX.join('.')}`
}

function problems() {
  const gitProblem = output('git', ['--version']) === undefined ? 'git is missing' : undefined
  return [tmuxProblem(), gitProblem].filter((problem) => problem !== undefined)
}

function hasProgram(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && hasProgram('apt-get')
}

function install() {
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'tmux', 'git'], options)
}

function installCommand() {
  const known = INSTALL_COMMANDS.find(([program]) => hasProgram(program))
  if (known === undefined) return 'apt-get update && apt-get install -y tmux git'
  const [program, command] = known
  const asRoot = program !== 'brew' && process.getuid?.() !== 0
  return asRoot ? command.replace(/(^|&& )/g, '$1sudo ') : command
}

if (problems().length > 0 && canInstall()) {
  console.error(`Installing tmux and git with apt-get, as root on Debian or Ubuntu: ${problems().join(', ')}`)
  install()
}
const remaining = problems()
if (remaining.length > 0) {
  console.error(`Cannot start: ${remaining.join(', ')}. Install them with:\n  ${installCommand()}`)
  process.exitCode = 1
}
