/** `keelson doctor`: looks at data directories or at a cluster, says what is wrong, and what to do about it. */

import { examineCluster } from './doctor-cluster.ts';
import { type Finding, findingLines, findingsJson } from './findings.ts';
import { type CtlCommand, type CtlCommands, type Session, unsupported } from './session.ts';

async function examine(session: Session): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (session.words.length > 0) {
    // What a member is made of is loaded for a look at its data only.
    const { examineDirectory } = await import('./doctor-directory.ts');
    for (const dir of session.words) findings.push(...(await examineDirectory(dir)));
  }
  const asksCluster = session.words.length === 0 || session.isGiven('endpoints');
  if (asksCluster) findings.push(...(await examineCluster(session)));
  return findings;
}

const doctor: CtlCommand = {
  usage: 'doctor [data directory …] [--endpoints=…]',
  summary: 'Looks at a data directory or a cluster, says what is wrong and what to do',
  run: async (session) => {
    if (session.format !== 'simple' && session.format !== 'json') throw unsupported(session.format);
    const findings = await examine(session);
    const { io } = session;
    if (session.format === 'json') io.out(`${findingsJson(findings)}\n`);
    else io.out(`${findingLines(findings, io.paints === true).join('\n')}\n`);
    return findings.some(({ level }) => level === 'problem') ? 1 : 0;
  },
};

export const doctorCommands: CtlCommands = { doctor };
