/** One day by place: which site is taken when, neighbours of one meeting drawn as one block. */
import type { SessionDetail } from "../../api/model";

export interface ResourceRow {
  siteId: string;
  name: string;
  room: string | undefined;
}

export interface ResourceBlock {
  session: SessionDetail;
  /** Row of the group at which it starts, and over how many rows it reaches. */
  row: number;
  rows: number;
}

export interface ResourceGroup {
  /** Empty for sites that belong to no group. */
  name: string;
  rows: ResourceRow[];
  blocks: ResourceBlock[];
}

/** Groups and sites in the order in which the meetings list them, which is the order of the tree. */
export function resourceGroups(sessions: readonly SessionDetail[]): ResourceGroup[] {
  const groups = new Map<string, Map<string, ResourceRow>>();
  for (const session of sessions) {
    for (const { site, group } of session.invited) {
      const name = group ?? "";
      const rows = groups.get(name) ?? new Map<string, ResourceRow>();
      groups.set(name, rows);
      if (!rows.has(site.id)) rows.set(site.id, { siteId: site.id, name: site.name, room: site.room });
    }
  }
  return [...groups].map(([name, rows]) => {
    const list = [...rows.values()];
    return { name, rows: list, blocks: sessions.flatMap((session) => blocksOf(session, list)) };
  });
}

function blocksOf(session: SessionDetail, rows: readonly ResourceRow[]): ResourceBlock[] {
  const invited = new Set(session.invited.map((one) => one.site.id));
  const blocks: ResourceBlock[] = [];
  rows.forEach((row, index) => {
    if (!invited.has(row.siteId)) return;
    const last = blocks.at(-1);
    if (last && last.row + last.rows === index) last.rows += 1;
    else blocks.push({ session, row: index, rows: 1 });
  });
  return blocks;
}
