// Watches the pages of all workspaces and keeps one connection to tmux, and does nothing with what they say.
import { spawn } from 'node:child_process'
import { readdirSync, watch } from 'node:fs'

const [folder, socket] = process.argv.slice(2)
for (const name of readdirSync(folder)) watch(`${folder}/${name}`, () => {})
const client = spawn('tmux', ['-S', socket, 'load-buffer', '-b', 'floor', '-'])
client.stdout.resume()
