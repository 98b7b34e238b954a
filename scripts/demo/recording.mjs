/**
 * What differs from run to run and from machine to machine, and what stands for it in a comparison. The states that
 * `tail -f` passes through are left out: a short one may end before it is looked at.
 */
const VARYING = [
  [/^(?:-- |\[(?:pending|running)\] ).*\n/gm, ''],
  [/'\/[^']*\/node'/g, 'NODE'],
  [/^(opencode {2}does not run).*/gm, '$1'],
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/(fix-vat|licence)-[a-z0-9]{4}\b/g, '$1-ID'],
  [/\b(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?s\b/g, 'SPAN'],
  [/\d+(?:\.\d+)? m?s\b/g, 'SPAN'],
  [/\b[0-9a-f]{7}\.\.[0-9a-f]{7}\b/g, 'HASHES'],
  [/\b(process|processes|pid|pane) %?\d+/g, '$1 N'],
  [/\b\d+ \((sh|node)\)/g, 'N ($1)'],
  [/\b127\.0\.0\.1:\d+/g, 'HOST'],
  [/\b(?:per|que|ses|page|msg)[_-][0-9A-Za-z]+/g, 'REF'],
  [/ +$/gm, ''],
  [/ {2,}/g, '  '],
]

const comparable = (recording) =>
  VARYING.reduce((text, [pattern, word]) => text.replace(pattern, word), recording).split('\n')

/** The first line in which two recordings say something different, as each says it, or `null`. */
export function firstDifference(expected, actual) {
  const [before, after] = [comparable(expected), comparable(actual)]
  const at = [...before, ...after].findIndex((_, index) => before[index] !== after[index])
  return at < 0 ? null : [before[at] ?? '(the end)', after[at] ?? '(the end)']
}

/** `text` with each paragraph of one recording replaced by that of another which begins with the same line. */
export function withNewParagraphs(text, before, after) {
  const [old, fresh] = [before, after].map((recording) => recording.trimEnd().split('\n\n'))
  const beginning = (paragraph) => comparable(paragraph)[0]
  return old.reduce((shown, paragraph) => {
    const now = fresh.find((candidate) => beginning(candidate) === beginning(paragraph)) ?? paragraph
    return shown.replace(`\n${paragraph}\n`, () => `\n${now}\n`)
  }, text)
}
