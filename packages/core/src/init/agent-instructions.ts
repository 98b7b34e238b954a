import { tagOf } from '../unique.ts'

const BODY = `## Other agents, by orch

\`orch\` (\`npx @orch/cli\` where it is not on the PATH) starts coding agents in this project, watches and steers them and takes back
their work. \`orch help workflow\` shows the usual way; every command takes \`--json\` and \`--help\`.

- \`orch spawn "The whole task, with what done means"\` prints the id of a new agent. It knows nothing of your conversation.
- \`orch status --json\` shows all agents, those that need somebody first, each with its reason.
- \`orch wait ID --timeout 30m\` ends with 0 when it is done, 23 when it needs an answer, 20 to 25 otherwise.
- \`orch tail -n 20 ID\` shows what it did last; \`orch answer ID\` lists what it asks, and answers it.
- \`orch send ID "TEXT"\` says how sure the delivery is. After exit code 31 look before you send it again.
- \`orch complete ID\` verifies the work and ends the agent; \`orch abandon ID\` ends it as it is. Both want the full id.

End agents by orch alone, never by their windows or processes. When orch gave you your own task, report with the command
that your first message names.`

const BEGIN = /^<!-- orch:begin ([0-9a-f]{12}) [^\n]*-->\r?\n/m
const END = /\r?\n<!-- orch:end -->/

/** The section between its marks, as this version of orch writes it. */
export const SECTION: string = [
  `<!-- orch:begin ${tagOf(BODY)} (orch init renews this section as long as nobody else changes it) -->`,
  BODY,
  '<!-- orch:end -->',
].join('\n')

/** What a page says of orch: nothing, this very section, an older one as orch wrote it, or one that somebody changed. */
export type FoundSection =
  | { readonly kind: 'none' | 'current' | 'changed' }
  | { readonly kind: 'older'; readonly at: number; readonly end: number }

/** Looks for the section in the text of a page. A mark without the other one is somebody's change. Pure. */
export function findSection(page: string): FoundSection {
  const begin = BEGIN.exec(page)
  if (begin === null) return { kind: page.includes('<!-- orch:begin') ? 'changed' : 'none' }
  const from = begin.index + begin[0].length
  const end = END.exec(page.slice(from))
  if (end === null) return { kind: 'changed' }
  const body = page.slice(from, from + end.index).replaceAll('\r\n', '\n')
  if (tagOf(body) !== begin[1]) return { kind: 'changed' }
  if (body === BODY) return { kind: 'current' }
  return { kind: 'older', at: begin.index, end: from + end.index + end[0].length }
}
