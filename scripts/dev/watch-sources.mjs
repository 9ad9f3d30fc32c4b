import { existsSync, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A change counts after this time without further events: an editor writes a file in several steps. */
const quietMs = 100;

/** Paths of the workspaces with a folder `src`, such as `packages/denylist`. */
export function workspacesWithSources(root) {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => `${parent}/${name}`)
      .filter((path) => existsSync(join(root, path, 'src'))),
  );
}

/**
 * Yields the workspaces with changed files after 100 ms without a change. Changes during the work of the caller are
 * yielded next.
 */
export async function* changedWorkspaces(root, workspaces) {
  const changed = new Set();
  let events = 0;
  let wake = () => undefined;
  const watchFolders = createFolderWatch(root, (workspace) => {
    changed.add(workspace);
    events += 1;
    wake();
  });

  watchFolders(workspaces);
  for (;;) {
    if (changed.size === 0) await new Promise((resolve) => (wake = resolve));
    for (let seen = -1; seen !== events; ) {
      seen = events;
      await sleep(quietMs);
    }
    watchFolders(workspaces);
    const batch = [...changed];
    changed.clear();
    yield batch;
  }
}

/**
 * Uses one watcher for each folder. With a recursive watcher, Node 20 on Linux loses a file that an editor replaces by
 * renaming.
 */
function createFolderWatch(root, report) {
  const watchers = new Map();
  return (workspaces) => {
    // A folder that was deleted and created again has the same path, but another inode.
    const found = workspaces.flatMap((workspace) =>
      foldersIn(join(root, workspace, 'src')).map((path) => ({
        workspace,
        path,
        key: `${path}:${statSync(path).ino}`,
      })),
    );
    const keys = new Set(found.map(({ key }) => key));
    for (const [key, watcher] of watchers) {
      if (keys.has(key)) continue;
      watcher.close();
      watchers.delete(key);
    }
    for (const { workspace, path, key } of found) {
      if (watchers.has(key)) continue;
      const watcher = watch(path, () => report(workspace));
      // Windows reports a deleted folder as an error. The next round closes the watcher.
      watcher.on('error', () => report(workspace));
      watchers.set(key, watcher);
    }
  };
}

function foldersIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const inner = entries.filter((entry) => entry.isDirectory());
  return [folder, ...inner.map((entry) => join(entry.parentPath, entry.name))];
}
