/** `claimcheck serve placement`: the model speaks HTTP. */
import { Argument, Command } from 'commander';
import { listen } from '../targets/placement/listen.ts';
import { EXIT, note, oneOf, print, UsageError, wholeNumber } from './context.ts';
import { placementReleaseOption } from './protocol-options.ts';

interface ServeFlags {
  readonly port: number;
  readonly placementRelease: number;
  readonly verbose?: boolean;
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('the model as a server on this machine, for a real client to talk to')
    .addArgument(new Argument('<what>', 'placement').argParser(oneOf('serve', ['placement'])))
    .option('--port <n>', 'where to listen on 127.0.0.1; 0 for a free port', wholeNumber('--port', 0, 65_535), 8778)
    .addOption(placementReleaseOption().default(16))
    .option('--verbose', 'a line a request, on stderr')
    .addHelpText(
      'after',
      '\nAny token is taken, and "admin" has all rights, as with auth_strategy = noauth2:\n' +
        '  openstack --os-auth-type admin_token --os-token admin --os-endpoint http://127.0.0.1:8778 resource provider list',
    )
    .action(serve);
}

async function serve(_what: string, flags: ServeFlags): Promise<void> {
  let listening: Awaited<ReturnType<typeof listen>>;
  try {
    listening = await listen(flags.port, flags.placementRelease, flags.verbose === true ? note : undefined);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new UsageError(`--port ${flags.port} cannot be listened on: ${code === 'EACCES' ? 'no right to' : 'in use'}`);
  }
  print(listening.url);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await listening.close();
  process.exitCode = EXIT.OK;
}
