/** The process, under the names that Prometheus' own clients use, and what is of JavaScript under ours. */

import type { Metrics } from '../util/metrics.ts';
import { type ProcessFigures, processFigures } from '../util/node-process.ts';
import type { Clock } from '../util/runtime.ts';

export function registerProcessMetrics(metrics: Metrics, clock: Pick<Clock, 'wallNow'>): void {
  const gauge = (name: string, help: string, read: (figures: ProcessFigures) => number | null): void =>
    metrics.family('gauge', name, help, (add) => {
      const value = read(processFigures());
      if (value !== null) add({}, value);
    });
  metrics.counter(
    'process_cpu_seconds_total',
    'Time of the processor, of the user and of the system.',
    () => processFigures().cpuSeconds,
  );
  gauge('process_resident_memory_bytes', 'Memory that is in place.', ({ residentBytes }) => residentBytes);
  gauge('process_virtual_memory_bytes', 'Memory that is addressed.', ({ virtualBytes }) => virtualBytes);
  gauge(
    'process_virtual_memory_max_bytes',
    'Memory that may be addressed.',
    ({ maxVirtualBytes }) => maxVirtualBytes,
  );
  const counter = (name: string, help: string, read: (figures: ProcessFigures) => number | null): void =>
    metrics.family('counter', name, help, (add) => {
      const value = read(processFigures());
      if (value !== null) add({}, value);
    });
  counter(
    'process_network_receive_bytes_total',
    'Bytes of IP that came into the network namespace of this process.',
    ({ networkReceivedBytes }) => networkReceivedBytes,
  );
  counter(
    'process_network_transmit_bytes_total',
    'Bytes of IP that left it.',
    ({ networkSentBytes }) => networkSentBytes,
  );
  gauge('process_open_fds', 'Files and sockets that are open.', ({ openFiles }) => openFiles);
  gauge('process_max_fds', 'Files and sockets that may be open.', ({ maxOpenFiles }) => maxOpenFiles);
  const startedAt = clock.wallNow() / 1000 - processFigures().uptimeSeconds;
  metrics.gauge(
    'process_start_time_seconds',
    'When the process began, in seconds since 1970.',
    () => startedAt,
  );
  gauge('os_fd_used', 'Files and sockets that are open.', ({ openFiles }) => openFiles);
  gauge('os_fd_limit', 'Files and sockets that may be open.', ({ maxOpenFiles }) => maxOpenFiles);
  gauge('keelson_heap_used_bytes', 'Objects of JavaScript.', ({ heapUsedBytes }) => heapUsedBytes);
  gauge('keelson_external_memory_bytes', 'Buffers beside the heap.', ({ externalBytes }) => externalBytes);
}
