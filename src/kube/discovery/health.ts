/**
 * `/healthz`, `/livez`, `/readyz` and their checks. Checks have the names of kube-apiserver's where they are
 * about the same; those of what is done once before anybody can ask hold from then on.
 */

import type { ApiAnswer, ApiRequest } from '../http/types.ts';
import type { KubeStore } from '../store.ts';
import { HealthFigures } from './health-figures.ts';
import { answerText } from './json-page.ts';

interface HealthCheck {
  readonly name: string;
  /** Null: all is well. */
  readonly run: () => Promise<string | null>;
}

type Endpoint = 'healthz' | 'livez' | 'readyz';

const endpoints: ReadonlySet<string> = new Set<Endpoint>(['healthz', 'livez', 'readyz']);

/** Done before the server listens. Whoever waits for a server to be whole looks for these names. */
const doneAtStart = [
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/start-kube-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/priority-and-fairness-config-consumer',
  'poststarthook/priority-and-fairness-filter',
  'poststarthook/storage-object-count-tracker-hook',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/priority-and-fairness-config-producer',
  'poststarthook/bootstrap-controller',
  'poststarthook/start-cluster-authentication-info-controller',
  'poststarthook/start-kube-aggregator-informers',
  'poststarthook/apiservice-registration-controller',
  'poststarthook/apiservice-status-available-controller',
  'poststarthook/apiservice-status-local-available-controller',
  'poststarthook/apiservice-status-remote-available-controller',
  'poststarthook/apiservice-discovery-controller',
  'poststarthook/kube-apiserver-autoregistration',
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
];

const well = (): Promise<null> => Promise.resolve(null);

/** What a check says that is done, or what it says of a server that is on its way out. */
async function answerChecks(
  request: ApiRequest,
  name: string,
  checks: readonly HealthCheck[],
  figures: HealthFigures,
): Promise<ApiAnswer> {
  const excluded = new Set(request.query.getAll('exclude').filter((one) => one !== ''));
  let text = '';
  let isWell = true;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      text += `[+]${check.name} excluded: ok\n`;
      continue;
    }
    const problem = await check.run();
    figures.checks.count(name, check.name, problem === null);
    if (problem !== null) isWell = false;
    text += problem === null ? `[+]${check.name} ok\n` : `[-]${check.name} failed: reason withheld\n`;
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((one) => JSON.stringify(one)).join(',');
    text += `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  }
  if (!isWell) return answerText(500, `${text}${name} check failed\n`);
  return answerText(200, request.query.has('verbose') ? `${text}${name} check passed\n` : 'ok');
}

async function answerOne(check: HealthCheck): Promise<ApiAnswer> {
  const problem = await check.run();
  return problem === null ? answerText(200, 'ok') : answerText(500, `internal server error: ${problem}\n`);
}

export class Health {
  readonly figures: HealthFigures = new HealthFigures();
  readonly #checks: Readonly<Record<Endpoint, readonly HealthCheck[]>>;
  #isEnding = false;

  constructor(store: KubeStore) {
    const etcd = (): Promise<string | null> =>
      store.revision().then(
        () => null,
        (error: unknown) => String(error),
      );
    const common: readonly HealthCheck[] = [
      { name: 'ping', run: well },
      { name: 'log', run: well },
      { name: 'etcd', run: etcd },
    ];
    const done = doneAtStart.map((name) => ({ name, run: well }));
    this.#checks = {
      healthz: [...common, ...done],
      livez: [...common, ...done],
      readyz: [
        ...common,
        { name: 'etcd-readiness', run: etcd },
        { name: 'informer-sync', run: well },
        ...done,
        { name: 'shutdown', run: async () => (this.#isEnding ? 'process is shutting down' : null) },
      ],
    };
  }

  /** From now on the server is not ready: whoever spreads requests sends them elsewhere. */
  end(): void {
    this.#isEnding = true;
  }

  readonly handle = (request: ApiRequest): Promise<ApiAnswer> | null => {
    const [name, ...rest] = request.segments;
    if (name === undefined || !endpoints.has(name)) return null;
    const checks = this.#checks[name as Endpoint];
    if (rest.length === 0) return answerChecks(request, name, checks, this.figures);
    const wanted = rest.join('/');
    const check = checks.find((candidate) => candidate.name === wanted);
    return check === undefined ? null : answerOne(check);
  };
}
