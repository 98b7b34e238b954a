import { signalProcess } from '../harness/processes.ts'
import { delayed, dying, half, lost, replaced } from '../harness/spoils.ts'
import { blind, type Fault, FINE, unsure } from './support/fault.ts'

const json = 'application/json'
const broken = { status: 500, type: json, body: '{"name":"Oops","data":{"message":"no disk"}}' }
const garbage = '\u0000}{ garbage'
const other = '"fine"'

/** Faults × commands. What is right for a command under a fault stands in `says`; what is true afterwards, in the columns. */
export const TABLE: readonly Fault[] = [
  { name: 'late answers', on: 'all', arrives: 'once', treat: () => ({ spoil: delayed(150) }), says: FINE },
  {
    name: 'silence',
    ...{ on: 'all', arrives: 'never', hasty: true },
    treat: () => 'nothing',
    says: blind(124, 'TIMEOUT'),
  },
  {
    name: 'broken connections',
    ...{ on: 'all', arrives: 'never' },
    treat: () => 'reset',
    says: blind(69, 'BACKEND_UNREACHABLE'),
  },
  { name: 'status 500', on: 'all', arrives: 'never', treat: () => broken, says: blind(76, 'BACKEND_ERROR') },
  {
    name: 'answers that are cut off',
    ...{ on: 'all', arrives: 'never' },
    treat: () => ({ spoil: half('break') }),
    says: blind(69, 'BACKEND_UNREACHABLE'),
  },
  {
    name: 'answers that stop and stay open',
    ...{ on: 'all', arrives: 'never', hasty: true },
    treat: () => ({ spoil: half('silence') }),
    says: blind(124, 'TIMEOUT'),
  },
  {
    name: 'half of the JSON',
    ...{ on: 'all', arrives: 'never' },
    treat: () => ({ spoil: half('end') }),
    says: blind(76, 'BAD_ANSWER'),
  },
  {
    name: 'garbage',
    ...{ on: 'all', arrives: 'never' },
    treat: () => ({ spoil: replaced(garbage), type: json, status: 200 }),
    says: blind(76, 'BAD_ANSWER'),
  },
  {
    name: 'JSON of another kind',
    ...{ on: 'all', arrives: 'never' },
    treat: () => ({ spoil: replaced(other), type: json, status: 200 }),
    says: blind(76, 'BAD_ANSWER'),
  },
  {
    name: 'the act is refused with 500',
    ...{ on: 'act', arrives: 'never' },
    treat: () => broken,
    says: unsure(76, 'BACKEND_ERROR', 'unconfirmed'),
  },
  {
    name: 'the act is not done and answered with other JSON',
    ...{ on: 'act', arrives: 'never' },
    treat: () => ({ type: json, body: other }),
    says: unsure(76, 'BAD_ANSWER', 'unconfirmed'),
  },
  {
    name: 'the act never arrives',
    ...{ on: 'act', arrives: 'never', hasty: true },
    treat: () => 'nothing',
    says: unsure(124, 'TIMEOUT', 'unconfirmed'),
  },
  {
    name: 'the act breaks the connection',
    ...{ on: 'act', arrives: 'never' },
    treat: () => 'reset',
    says: unsure(69, 'BACKEND_UNREACHABLE', 'unconfirmed'),
  },
  {
    name: 'the act arrives when all is over',
    ...{ on: 'act', arrives: 'late', hasty: true },
    treat: (_, __, gone) => ({ late: gone }),
    says: unsure(124, 'TIMEOUT', 'unconfirmed'),
  },
  {
    name: 'the answer to the act is lost',
    ...{ on: 'act', arrives: 'once' },
    treat: () => ({ spoil: lost('break') }),
    says: unsure(69, 'BACKEND_UNREACHABLE', 'confirmed'),
  },
  {
    name: 'the answer to the act never comes',
    ...{ on: 'act', arrives: 'once', hasty: true },
    treat: () => ({ spoil: lost('silence') }),
    says: unsure(124, 'TIMEOUT', 'confirmed'),
  },
  {
    name: 'the act is done and answered with 500',
    ...{ on: 'act', arrives: 'once' },
    treat: () => ({ spoil: replaced(broken.body), type: json, status: 500 }),
    says: unsure(76, 'BACKEND_ERROR', 'confirmed'),
  },
  {
    name: 'the act is done and answered with garbage',
    ...{ on: 'act', arrives: 'once' },
    treat: () => ({ spoil: replaced(garbage), type: json, status: 200 }),
    says: unsure(76, 'BAD_ANSWER', 'confirmed'),
  },
  {
    name: 'the act is done and answered with other JSON',
    ...{ on: 'act', arrives: 'once' },
    treat: () => ({ spoil: replaced(other), type: json, status: 200 }),
    says: unsure(76, 'BAD_ANSWER', 'confirmed'),
  },
  {
    name: 'a server that is stopped with SIGSTOP',
    ...{ on: 'all', arrives: 'never', hasty: true, rough: true },
    begin: ({ target }) => void signalProcess(target.server().process.pid, 'SIGSTOP'),
    treat: () => 'pass',
    end: ({ target }) => void signalProcess(target.server().process.pid, 'SIGCONT'),
    says: blind(124, 'TIMEOUT'),
  },
  {
    name: 'a server that is stopped with SIGSTOP at the act',
    ...{ on: 'act', arrives: 'late', hasty: true, rough: true },
    treat(_, { target }) {
      signalProcess(target.server().process.pid, 'SIGSTOP')
      return 'pass'
    },
    end: ({ target }) => void signalProcess(target.server().process.pid, 'SIGCONT'),
    says: unsure(124, 'TIMEOUT', 'unconfirmed'),
  },
  {
    name: 'a server that is killed with SIGKILL at the act, and started again',
    ...{ on: 'act', arrives: 'maybe', rough: true },
    treat: (_, { target }) => ({ spoil: dying(() => target.server().kill()) }),
    end: ({ target }) => target.startAgain(),
    says: unsure(69, 'BACKEND_UNREACHABLE', 'unconfirmed'),
  },
]
