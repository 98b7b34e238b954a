// Prints so many numbered lines as fast as they are taken, when it is told how many.
import { once } from 'node:events'
import { createInterface } from 'node:readline'

createInterface({ input: process.stdin }).on('line', async (count) => {
  for (let nth = 0; nth < Number(count); nth++) {
    const line = `${String(nth).padStart(9, '0')} ${'x'.repeat(89)}\n`
    if (!process.stdout.write(line)) await once(process.stdout, 'drain')
  }
  process.stdout.write('the end\n')
})
