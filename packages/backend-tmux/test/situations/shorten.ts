import type { Situation } from './situation.ts'

/** How much of a text is kept, in characters. */
const TEXT = 160

/** What a recording need not hold: long texts, most of a record, the look of a window. Nothing that decides. */
export function shorten({ sighting, record, report }: Situation): Situation {
  const { testimony, shown, agent, handle } = sighting
  const { id, lifecycle, exit, ending, failure, spawnedAt, endedAt } = record
  const delivery = record.prompt && { ...record.prompt, evidence: [] }
  return {
    sighting: {
      ...sighting,
      agent: { ...agent, handle: null },
      handle: handle && { ...handle },
      testimony: testimony && {
        ...testimony,
        eventLines: testimony.eventLines.map(shortEvent),
        transcriptLines: testimony.transcriptLines?.map(shortTranscript) ?? null,
      },
      shown: shown && { ...shown, screen: shortScreen(shown.screen) },
    },
    record: { id, lifecycle, exit, ...(ending && { ending }), failure, spawnedAt, endedAt, prompt: delivery } as never,
    report,
  }
}

/** An event that is not whole stays as it is. */
function shortEvent(line: string): string {
  const begin = line.indexOf('{')
  try {
    return `${line.slice(0, begin)}${JSON.stringify(shortTexts(JSON.parse(line.slice(begin))))}`
  } catch {
    return line
  }
}

function shortTranscript(line: string): string {
  try {
    const { timestamp, type, payload = {} } = JSON.parse(line)
    const isEvent = type === 'event_msg'
    return JSON.stringify({ timestamp, type, payload: isEvent ? shortTexts(payload) : { type: payload.type } })
  } catch {
    return line
  }
}

function shortTexts(value: unknown): unknown {
  if (typeof value === 'string') return value.length > TEXT ? `${value.slice(0, TEXT)}…` : value
  if (Array.isArray(value)) return value.map(shortTexts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortTexts(inner)]))
}

function shortScreen(screen: string): string {
  const lines = screen.split('\n').map((line) =>
    line
      .replace(/([─╌])\1{3,}/g, '$1$1$1')
      .replace(/ {4,}/g, '   ')
      .trimEnd(),
  )
  return lines.filter((line) => line !== '').join('\n')
}
