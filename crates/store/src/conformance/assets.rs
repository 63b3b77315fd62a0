//! The queue of addresses to archive, and what they held when.

use super::replay;
use crate::catalog::assets::{Asset, AssetOutcome, AssetState, WantedAsset, WantedLimits};
use crate::{Catalog, Kind};
use model::{ProjectId, ReplayId, Timestamp};

const LIMITS: WantedLimits = WantedLimits {
    max_per_project: 5,
    refresh_before: Timestamp::from_millis(0),
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn wanted(url: &str, kind: &str, referrer: Option<&str>) -> WantedAsset {
    WantedAsset {
        url: url.to_owned(),
        kind: kind.to_owned(),
        referrer: referrer.map(str::to_owned),
    }
}

fn archived(key: &str) -> AssetOutcome {
    AssetOutcome::Archived(Asset {
        key: key.to_owned(),
        content_type: "text/css".to_owned(),
        size_bytes: 10,
        base_url: Some("https://shop.test/a.css".to_owned()),
        created_at: at(0),
    })
}

fn failed(retry_at: Option<Timestamp>) -> AssetOutcome {
    AssetOutcome::Failed {
        reason: "timeout".to_owned(),
        retry_at,
    }
}

pub async fn assets(catalog: &dyn Catalog, project: ProjectId, other: ProjectId) {
    let row = replay(project, "assets", 1);
    ok!(catalog.put_replays(std::slice::from_ref(&row)).await);
    let (css, image) = ("https://shop.test/a.css", "https://shop.test/b.png");
    let page = Some("https://shop.test/");
    let both = [
        wanted(css, "style_sheet", page),
        wanted(image, "image", page),
    ];
    let nobody = ReplayId::derive(project, "nobody", "0");
    let refused = catalog
        .want_assets(project, Some(nobody), &both, LIMITS, at(1))
        .await;
    assert_eq!(refused.map_err(|it| it.kind()), Err(Kind::NotFound));
    for second in [1, 2] {
        let refused = catalog.want_assets(project, Some(row.id), &both, LIMITS, at(second));
        assert_eq!(ok!(refused.await), 0);
    }
    assert_eq!(
        ok!(catalog.due_assets(at(0), 10).await),
        [],
        "not before it was wanted"
    );
    let jobs = ok!(catalog.due_assets(at(2), 10).await);
    let jobs_wanted: Vec<_> = jobs.iter().map(|job| job.wanted.clone()).collect();
    assert_eq!(jobs_wanted, both, "an address is queued once");
    let urls = [image, css, "https://shop.test/c"].map(str::to_owned);
    let states = async |second| ok!(catalog.asset_states(project, &urls, at(second)).await);
    assert_eq!(
        states(2).await,
        [
            AssetState::Waiting,
            AssetState::Waiting,
            AssetState::Unknown
        ]
    );

    ok!(catalog
        .finish_asset(&jobs[0], &archived("one"), at(10))
        .await);
    ok!(catalog
        .finish_asset(&jobs[1], &failed(Some(at(60))), at(10))
        .await);
    let is = |key: &str| AssetState::Archived {
        key: key.to_owned(),
        content_type: "text/css".to_owned(),
    };
    assert_eq!(states(2).await[..2], [AssetState::Waiting, is("one")]);
    assert_eq!(ok!(catalog.due_assets(at(59), 10).await), []);
    let retried = ok!(catalog.due_assets(at(60), 10).await);
    assert_eq!((retried.len(), retried[0].attempts), (1, 1));
    ok!(catalog
        .finish_asset(&retried[0], &failed(None), at(60))
        .await);
    let reason = "timeout".to_owned();
    assert_eq!(states(2).await[0], AssetState::Failed { reason });
    assert_eq!(ok!(catalog.due_assets(at(9999), 10).await), []);

    versions(catalog, project, &both, &jobs[0]).await;
    assert_eq!(states(0).await[1], is("one"), "the nearest");
    assert_eq!(states(199).await[1], is("one"), "was still there at 200");
    assert_eq!(states(240).await[1], is("one"));
    assert_eq!(states(260).await[1], is("two"));
    assert_eq!(states(9999).await[1], is("two"));

    // What the sheet loads belongs to the replay as well, however deep.
    let imported = "https://shop.test/c.css";
    let sheet = wanted(imported, "style_sheet", Some(css));
    let part = wanted("https://shop.test/f.woff2", "font", Some(imported));
    let fourth = wanted("https://shop.test/4", "image", page);
    let fifth = wanted("https://shop.test/5", "image", page);
    let more = [sheet, part, fourth, fifth];
    let refused = catalog.want_assets(project, None, &more, LIMITS, at(301));
    assert_eq!(ok!(refused.await), 1, "the limit of the project");
    let of_replay: Vec<_> = ok!(catalog.assets_of_replay(row.id, 10).await)
        .into_iter()
        .map(|(url, _)| url)
        .collect();
    assert_eq!(
        of_replay,
        [css, image, imported, "https://shop.test/f.woff2"]
    );

    let found = ok!(catalog.asset(project, "one").await).expect("the asset");
    assert_eq!(found.base_url.as_deref(), Some("https://shop.test/a.css"));
    assert_eq!(ok!(catalog.asset(other, "one").await), None);
    assert_eq!(ok!(catalog.asset(project, "none").await), None);
    assert_eq!(ok!(catalog.assets_size_bytes(project).await), 20);
    assert_eq!(ok!(catalog.assets_size_bytes(other).await), 0);
    let elsewhere = ok!(catalog.asset_states(other, &urls, at(1)).await);
    assert!(elsewhere.iter().all(|state| *state == AssetState::Unknown));
}

/// The sheet is the same at 200 and another one at 300.
async fn versions(
    catalog: &dyn Catalog,
    project: ProjectId,
    both: &[WantedAsset],
    job: &crate::catalog::assets::AssetJob,
) {
    for (second, key) in [(200, "one"), (300, "two")] {
        let limits = |refresh_before| WantedLimits {
            refresh_before,
            ..LIMITS
        };
        let young = catalog.want_assets(project, None, &both[..1], limits(at(10)), at(second));
        ok!(young.await);
        assert_eq!(ok!(catalog.due_assets(at(second), 10).await), []);
        let old = catalog.want_assets(project, None, &both[..1], limits(at(second)), at(second));
        ok!(old.await);
        assert_eq!(ok!(catalog.due_assets(at(second), 10).await).len(), 1);
        ok!(catalog.finish_asset(job, &archived(key), at(second)).await);
    }
}
