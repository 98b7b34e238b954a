// Reads every record through the installed registry, and prints how many there are.
const [core] = process.argv.slice(2)
const { openOrch } = await import(core)
const { registry } = await openOrch()
process.stdout.write(String((await registry.list('open')).records.length))
