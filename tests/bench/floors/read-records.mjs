// Reads and parses every line of every record, and prints how many there are.
import { readdirSync, readFileSync } from 'node:fs'

const [folder] = process.argv.slice(2)
const records = readdirSync(folder).map((name) => {
  const events = readFileSync(`${folder}/${name}`, 'utf8').split('\n').filter(Boolean)
  return Object.assign({}, ...events.map((event) => JSON.parse(event).set))
})
process.stdout.write(String(records.length))
