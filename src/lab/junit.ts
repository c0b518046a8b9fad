/** Budgets as JUnit XML, so that a CI shows each as a test: broken fails, what could not be judged is skipped. */
import type { BudgetResult, FlightReport } from '#lab/report.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

export const escapeXml = (text: string): string =>
  // Control characters cannot stand in XML 1.0 at all.
  text.replace(/[^\P{Cc}\t\n\r]/gu, '?').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

export function junitOf(report: FlightReport): string {
  const cases = [answeredCase(report), ...report.budgets.map((budget) => budgetCase(report, budget))]
  const failures = cases.filter((one) => one.includes('<failure')).length
  const skipped = cases.filter((one) => one.includes('<skipped')).length
  const seconds = (report.durationMs / 1_000).toFixed(3)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failures}" skipped="${skipped}" time="${seconds}">`,
    `  <testsuite name="${escapeXml(`${report.name} (${report.design})`)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" time="${seconds}" timestamp="${report.startedAt}">`,
    ...cases,
    `    <system-out>${escapeXml([...report.verdict, ...report.warnings].join('\n'))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase(report: FlightReport, name: string, inside: string): string {
  const opening = `    <testcase classname="${escapeXml(report.name)}" name="${escapeXml(name)}"`
  return inside === '' ? `${opening}/>` : `${opening}>${inside}</testcase>`
}

function answeredCase(report: FlightReport): string {
  const answered = report.overall.n > 0
  return testCase(
    report,
    'requests were answered',
    answered ? '' : `<failure message="${escapeXml(report.verdict[0] ?? '')}"/>`,
  )
}

function budgetCase(report: FlightReport, budget: BudgetResult): string {
  const message = escapeXml(budget.answer)
  switch (budget.outcome) {
    case 'ok':
      return testCase(report, budget.text, '')
    case 'broken':
      return testCase(report, budget.text, `<failure message="${message}"/>`)
    case 'undecided':
    case 'not-measurable':
      return testCase(report, budget.text, `<skipped message="${message}"/>`)
    default:
      return budget.outcome satisfies never
  }
}
