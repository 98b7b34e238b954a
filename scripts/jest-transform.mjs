import { transformSync } from 'esbuild'

export default {
  process(source, filename) {
    return transformSync(source, {
      sourcefile: filename,
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
    })
  },
}
