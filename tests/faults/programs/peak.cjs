// Loaded before orch: writes the most memory it ever had resident, in kB, into the file PEAK_FILE when it ends.
const { writeFileSync, readFileSync } = require('node:fs')

process.on('exit', () => {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
  writeFileSync(process.env.PEAK_FILE, peak[1])
})
