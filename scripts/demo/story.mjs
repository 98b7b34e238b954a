/** The main job: two agents, one on each backend, from spawn to complete, and the proof that nothing of it is left. */
export async function tellStory(shell, stage) {
  shell.say('"orch" is "npx @orch/cli", as built from this checkout.')
  shell.say('A task for an agent on an OpenCode server, in a file. What stands in [[...]] directs the scripted model.')
  await shell.run(['cat', 'tasks/fix-vat.md'])
  const fixer = await shell.run(['orch', 'spawn', '--file', 'tasks/fix-vat.md', '--name', 'fix-vat'])
  const scribe = await shell.run([
    'orch',
    'spawn',
    'Choose a licence for the package',
    '--name',
    'licence',
    '--program',
    'scribe',
  ])
  await shell.run(['orch', 'wait', fixer, scribe, '--until', 'waiting'])
  await shell.run(['orch', 'status'])

  shell.say('Both are watched live while they are answered.')
  const watchers = [fixer, scribe].map((id) => shell.watch(['orch', 'tail', '-f', '-n', '2', id], id))
  await shell.until(() => watchers.every(({ lines }) => lines.length > 2), 'the first lines of both agents')
  await shell.run(['orch', 'answer', fixer, '--allow'])
  await shell.run(['orch', 'answer', scribe, 'MIT'])
  await shell.run(['orch', 'wait', fixer, scribe])

  shell.say('One message more; the wait ends when it is answered, not before.')
  await shell.run(['orch', 'send', fixer, 'What was it? [[answer: One digit was missing in the factor.]]'])
  await shell.run(['orch', 'wait', fixer])

  shell.say('What they did, and the end of their work.')
  const diff = await shell.run(['git', 'diff', '-U0'])
  expectLines(diff, ['+export const withVat = (net) => net * 1.19', '+  "license": "MIT"'])
  await shell.run(['orch', 'complete', fixer, scribe])
  for (const { ended } of watchers) await ended
  await shell.run(['orch', 'status', '--ended'])
  await endServers(shell, stage)
}

async function endServers(shell, stage) {
  shell.say("Their servers are ended too: orch's own OpenCode, and the tmux server of its windows.")
  await shell.run(['orch', 'server', 'stop', '--backend', 'opencode'])
  const tmux = (await stage.processes()).map(({ argv }) => argv).find((argv) => argv.includes('start-server'))
  const socket = tmux?.[tmux.indexOf('-S') + 1]
  if (socket === undefined) throw new Error('there is no tmux server')
  await shell.run(['tmux', '-S', socket, 'kill-server'])
  await shell.until(async () => (await stage.processes()).length === 0, 'the end of every process of the demo')
  shell.say('/proc shows no process of this demo any more.')
}

function expectLines(text, lines) {
  for (const line of lines) {
    if (!text.split('\n').includes(line)) throw new Error(`"${line}" is missing`)
  }
}
