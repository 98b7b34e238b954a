import type { ArgumentsCamelCase, Argv, CommandModule, InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import type { Context } from './context.ts'
import { COMMON_OPTIONS, type CommonArgs } from './options.ts'
import type { Page } from './page.ts'
import { runParsed } from './run-as-script.ts'

type Specs<T> = Readonly<Record<string, T>>

/** The parsed command line of a command with positionals `P` and options `O`. */
type ArgsOf<P extends Specs<PositionalOptions>, O extends Specs<Options>> = ArgumentsCamelCase<
  InferredOptionTypes<P & O>
> &
  CommonArgs & {
    /** What followed `--`. */
    readonly rest: readonly string[]
  }

/** What a command file declares. */
interface CommandSpec<P extends Specs<PositionalOptions>, O extends Specs<Options>, Data> {
  /** The verb and its positionals as yargs writes them: `send <agent> [text]`. */
  readonly command: string
  /** One line for the list of commands. */
  readonly describe: string
  readonly positionals?: P
  readonly options?: O
  readonly examples: readonly (readonly [command: string, does: string])[]
  /** Whether words after `--` mean something to it. @default false */
  readonly takesRest?: boolean
  /** What to do about words that mean nothing to it, by all that are no options. @default to read its help */
  hintForUnknown?(positionals: readonly string[]): string
  /** Does the work and returns the document; never prints. An async iterable is a stream of lines. */
  run(args: ArgsOf<P, O>, context: Context): Promise<Data>
  /** Shows the document, or one line of the stream, to a person. Pure. */
  render(data: RenderedOf<Data>, page: Page, args: ArgsOf<P, O>): void
  /** Whether a person reads its answer in a pager. @default false */
  readonly paged?: boolean
  /** Whether each line of its stream stands for the one before: a terminal shows it in its place. @default never */
  redraws?(args: ArgsOf<P, O>): boolean
  /** Whether it goes on without what is not valid in the configuration. @default false */
  readonly toleratesConfig?: boolean
  /** @default 0 */
  exitCode?(data: Data, args: ArgsOf<P, O>): number
}

/** What `render` gets: the document itself, or each line of a stream. */
export type RenderedOf<Data> = Data extends AsyncIterable<infer Line> ? Line : Data

/** A yargs command module that is complete: parsed arguments in, data, rendering and exit code out. */
export interface Command<Data = unknown> extends CommandModule {
  readonly command: string
  /** The first word of `command`. */
  readonly verb: string
  readonly describe: string
  readonly takesRest: boolean
  readonly paged: boolean
  readonly toleratesConfig: boolean
  readonly positionals: Specs<PositionalOptions>
  /** Its own options and the common ones. */
  readonly options: Specs<Options>
  /** Names of all its options and positionals that can be given more than once. */
  readonly repeatable: readonly string[]
  /** Names of all its options that need a value. */
  readonly needsValue: readonly string[]
  readonly hasFile: boolean
  hintForUnknown(positionals: readonly string[]): string
  builder(parser: Argv): Argv
  run(args: Arguments, context: Context): Promise<Data>
  render(data: RenderedOf<Data>, page: Page, args: Arguments): void
  redraws(args: Arguments): boolean
  exitCode(data: Data, args: Arguments): number
}

/** Parsed arguments before their command looks at them. */
export type Arguments = CommonArgs & { readonly rest: readonly string[] }

/** Makes a {@link Command} of what a command file declares. */
export function defineCommand<const P extends Specs<PositionalOptions>, const O extends Specs<Options>, Data>(
  spec: CommandSpec<P, O, Data>,
): Command<Data> {
  const positionals: Specs<PositionalOptions> = spec.positionals ?? {}
  const options: Specs<Options> = { ...COMMON_OPTIONS, ...spec.options }
  const command: Command<Data> = {
    command: spec.command,
    verb: spec.command.split(' ', 1)[0] ?? '',
    describe: spec.describe,
    takesRest: spec.takesRest ?? false,
    paged: spec.paged ?? false,
    toleratesConfig: spec.toleratesConfig ?? false,
    positionals,
    options,
    hasFile: 'file' in (spec.options ?? {}),
    repeatable: Object.entries({ ...positionals, ...options })
      .filter(([, option]) => option.array === true)
      .flatMap(([name, option]) => [name, ...('alias' in option ? [option.alias ?? []].flat() : [])]),
    needsValue: Object.entries(options)
      .filter(([, option]) => option.requiresArg === true)
      .flatMap(([name, option]) => [name, ...[option.alias ?? []].flat()]),
    builder: (parser) => {
      for (const [name, positional] of Object.entries(positionals)) parser.positional(name, positional)
      for (const [line, does] of spec.examples) parser.example(line, does)
      const own = spec.options ?? {}
      return parser.options(own).group(Object.keys(own), 'Options:').options(COMMON_OPTIONS)
    },
    hintForUnknown: (positionals) => spec.hintForUnknown?.(positionals) ?? `Run "orch ${command.verb} --help"`,
    run: (args, context) => spec.run(args as ArgsOf<P, O>, context),
    render: (data, page, args) => spec.render(data, page, args as ArgsOf<P, O>),
    redraws: (args) => spec.redraws?.(args as ArgsOf<P, O>) ?? false,
    exitCode: (data, args) => spec.exitCode?.(data, args as ArgsOf<P, O>) ?? 0,
    handler: (args) => runParsed(command, { ...args, rest: [] }),
  }
  return command
}
