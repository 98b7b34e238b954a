// Ends as soon as the page of a workspace says that the work is complete.
import { readFileSync, watch } from 'node:fs'

const [workspace] = process.argv.slice(2)
watch(workspace, () => {
  if (/^Phase: *Complete$/m.test(readFileSync(`${workspace}/WORKSPACE.md`, 'utf8'))) process.exit(0)
})
