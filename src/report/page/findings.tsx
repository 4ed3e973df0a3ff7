/** The index: what the campaign came to, and every finding below its cause. */
import type { JSX } from 'preact';
import { Troubles } from './checks.tsx';
import type { PageData, PageFinding } from './data.ts';
import { GROUPINGS, type Group, type Grouping, standingOf } from './grouping.ts';
import { findingHash } from './place.ts';
import { count, number, partsOf } from './words.tsx';

interface FindingsProps {
  readonly data: PageData;
  readonly groups: readonly Group[];
  readonly asked: string;
  readonly setAsked: (asked: string) => void;
  readonly by: Grouping;
  readonly setBy: (by: Grouping) => void;
}

export function Findings({ data, groups, asked, setAsked, by, setBy }: FindingsProps): JSX.Element {
  const shown = groups.reduce((sum, { findings }) => sum + findings.length, 0);
  return (
    <>
      <Summary data={data} />
      <Troubles checks={data.checks} />
      <section aria-labelledby="findings-heading">
        <h2 id="findings-heading">Ways to break the laws</h2>
        {data.findings.length === 0 ? (
          <p>No scenario broke a law.</p>
        ) : (
          <>
            <div class="tools">
              <label class="search">
                <span>Search</span>
                <input
                  id="search"
                  type="search"
                  value={asked}
                  placeholder="invariant, operation, failure point, weakness …"
                  onInput={({ currentTarget }) => setAsked(currentTarget.value)}
                />
              </label>
              <fieldset>
                <legend>Grouped by</legend>
                <div class="choices">
                  {(Object.keys(GROUPINGS) as Grouping[]).map((name) => (
                    <label key={name}>
                      <input type="radio" name="grouping" checked={by === name} onChange={() => setBy(name)} />
                      <span>{GROUPINGS[name]}</span>
                    </label>
                  ))}
                </div>
              </fieldset>
            </div>
            <p class="dim" role="status">
              {asked.trim() === ''
                ? `${count(shown, 'finding')} in ${count(groups.length, 'group')}`
                : `${number(shown)} of ${count(data.findings.length, 'finding')} in ${count(groups.length, 'group')}`}
            </p>
            <div class="groups">
              {groups.map((group) => (
                // a search opens what it finds
                <GroupView
                  key={`${by} ${group.key} ${asked.trim() !== ''}`}
                  group={group}
                  by={by}
                  searched={asked.trim() !== ''}
                />
              ))}
            </div>
          </>
        )}
      </section>
    </>
  );
}

function Summary({ data }: { readonly data: PageData }): JSX.Element {
  const { verdict, sentence, config, findings, statistics, seconds } = data;
  const of = (standing: string): number => findings.filter((finding) => standingOf(finding) === standing).length;
  const rate = seconds > 0 ? `, ${number(Math.round(statistics.runs / seconds))} a second` : '';
  return (
    <section class={`summary ${verdict}`} aria-labelledby="verdict">
      <h1 id="verdict">{verdict}</h1>
      <p class="sentence">{sentence.replace(/^[A-Z]+:? /, '')}</p>
      <ul class="tiles">
        <li class={of('news') > 0 ? 'tile news' : 'tile'}>
          <b>{number(of('news'))}</b> new
        </li>
        <li class="tile">
          <b>{number(of('known'))}</b> known, for {count(data.reasons.length, 'reason')}
        </li>
        {config.sabotage === true && (
          <li class="tile">
            <b>{number(of('sabotage'))}</b> by sabotage, outside the contract
          </li>
        )}
        <li class="tile">
          <b>{number(statistics.runs)}</b> scenarios in {seconds.toFixed(seconds < 10 ? 1 : 0)} s{rate}
        </li>
      </ul>
      <dl class="facts">
        <Fact name="seed">{config.seed}</Fact>
        <Fact name="protocol">{config.protocol}</Fact>
        <Fact name="contract">{config.contract}</Fact>
        <Fact name="Nova">{config.novaRelease}.0.0</Fact>
        <Fact name="Placement">
          {config.placementRelease === null ? 'before and behind 14.0' : `${config.placementRelease}.0.0`}
        </Fact>
        {config.defects.length > 0 && <Fact name="defects">{config.defects.join(', ')}</Fact>}
        {config.repairs.length > 0 && <Fact name="repairs">{config.repairs.join(', ')}</Fact>}
        {data.commit !== null && <Fact name="commit">{data.commit.slice(0, 12)}</Fact>}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** So many are seen at once without opening anything. */
const FEW = 12;

function GroupView({
  group,
  by,
  searched,
}: {
  readonly group: Group;
  readonly by: Grouping;
  readonly searched: boolean;
}): JSX.Element {
  const { standing, label, title, findings, seen } = group;
  const open = searched || standing === 'news' || (by !== 'reason' && findings.length <= FEW);
  return (
    <details class={`group ${standing}`} open={open}>
      <summary>
        <span class="title">
          {label !== null && <span class="pill known">{label}</span>} <span class="text">{title}</span>
        </span>
        <span class="dim counts">
          {count(findings.length, 'way')}, seen {number(seen)}
        </span>
      </summary>
      <ul>
        {findings.map((finding) => (
          <Item key={finding.signature} finding={finding} />
        ))}
      </ul>
    </details>
  );
}

function Item({ finding }: { readonly finding: PageFinding }): JSX.Element {
  const { signature, invariants, count: seen, operations, points } = finding;
  const { cause, endState } = partsOf(signature);
  const moves = operations.filter((words) => !words.startsWith('boot '));
  return (
    <li>
      <a class={`finding ${standingOf(finding)}`} href={findingHash(finding)}>
        <span>
          <span class="cause">{points.length > 0 ? points.join(', ') : cause}</span>
          <span class="after dim">{moves.length > 0 ? `after ${moves.join(', ')}` : 'after a boot'}</span>
        </span>
        <span>
          {invariants.map((id) => (
            <span key={id} class="law">
              {id}
            </span>
          ))}
          <code class="end">{endState}</code>
        </span>
        <span class="seen dim">seen {number(seen)}</span>
      </a>
    </li>
  );
}
