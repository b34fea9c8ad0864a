//! The second factor: asked for, set up, renewed, turned off.

use super::Samples;
use web::pages::{AddTotp, ConfirmFactor, FactorChange, Field, QrCode, RecoveryCodes, SecondFactor, StepUp, StepUpWhy};
use web::texts;

const URI: &str =
    "otpauth://totp/id.example.org:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=id.example.org";

pub(super) fn pages(s: &mut Samples) {
    let asked = SecondFactor {
        shell: s.out(),
        flow: "fl0w".to_owned(),
        can_recover: true,
        passkey: Some(super::passkey_form()),
        back_href: "/sign-in".to_owned(),
        error: None,
    };
    s.add("second-factor", asked.render());
    let wrong = s.error("wrong_totp").at(Field::Code);
    s.add("second-factor-wrong", SecondFactor { passkey: None, error: Some(wrong), ..asked.clone() }.render());
    let wrong = s.error("wrong_recovery_code").at(Field::RecoveryCode);
    s.add("second-factor-wrong-recovery", SecondFactor { error: Some(wrong), ..asked.clone() }.render());
    let only = SecondFactor { can_recover: false, passkey: None, error: Some(s.error("throttled")), ..asked };
    s.add("second-factor-only-app", only.render());

    let add = AddTotp {
        shell: s.signed_in(),
        qr: QrCode::of(URI),
        uri: URI.to_owned(),
        secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".to_owned(),
        setup: "s3t0p".to_owned(),
        error: None,
    };
    assert!(add.qr.is_some());
    s.add("add-totp", add.render());
    let wrong = s.error("wrong_totp").at(Field::Code);
    s.add("add-totp-wrong", AddTotp { error: Some(wrong), qr: None, ..add }.render());
    let codes = RecoveryCodes { shell: s.signed_in(), set_up: true, codes: vec!["abcd-efgh-ijkl-mnop".to_owned(); 10] };
    s.add("recovery-codes", codes.render());
    s.add("recovery-codes-new", RecoveryCodes { set_up: false, ..codes }.render());
    for (name, change) in [("off", FactorChange::TurnOff), ("codes", FactorChange::NewCodes)] {
        let page = ConfirmFactor { shell: s.signed_in(), change, refused: None };
        s.add(&format!("confirm-factor-{name}"), page.render());
    }
    let refused = Some(texts::reason(s.lang, "last_method"));
    let page = ConfirmFactor { shell: s.signed_in(), change: FactorChange::TurnOff, refused };
    s.add("confirm-factor-refused", page.render());
    let step_up = StepUp {
        shell: s.signed_in(),
        flow: "fl0w".to_owned(),
        why: StepUpWhy::SecondFactor,
        methods: vec![super::by_github(true)],
        back_href: "/account".to_owned(),
        error: None,
    };
    s.add("step-up-second-factor", step_up.render());
}
