//! The macros that turn plain functions into the exports of a rule.

/// Exports a function `fn(&Request) -> Result<Changes, Failure>` as a rule.
#[cfg(not(feature = "settings"))]
#[macro_export]
macro_rules! rule {
    ($enrich:path) => {
        struct Rule;
        $crate::__enrich!($enrich);
        $crate::bindings::export!(Rule with_types_in $crate::bindings);
    };
}

/// Exports a rule, and a function `fn(&str) -> Result<(), Vec<String>>` that checks its settings before it goes live.
#[cfg(feature = "settings")]
#[macro_export]
macro_rules! rule_with_settings {
    ($enrich:path, $validate:path) => {
        struct Rule;
        $crate::__enrich!($enrich);
        impl $crate::bindings::exports::rulemint::rule::settings::Guest for Rule {
            fn validate(settings: ::std::string::String) -> Result<(), Vec<::std::string::String>> {
                $crate::report_panics();
                $validate(&settings)
            }
        }
        $crate::bindings::export!(Rule with_types_in $crate::bindings);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __enrich {
    ($enrich:path) => {
        impl $crate::bindings::exports::rulemint::rule::enrich::Guest for Rule {
            fn enrich(request: $crate::Request) -> Result<Vec<$crate::Change>, $crate::Failure> {
                $crate::report_panics();
                $enrich(&request).map(Vec::from)
            }
        }
    };
}

/// Sends the text of a panic to the rule's log: a sandbox that aborts says nothing else about why.
#[doc(hidden)]
pub fn report_panics() {
    #[cfg(feature = "panic-message")]
    std::panic::set_hook(Box::new(|panic| {
        crate::host::log(crate::host::Level::Error, &panic.to_string());
    }));
}
